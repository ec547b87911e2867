"""A request that a service failed to answer: whose fault it is, and how that is said."""

import io
import json
from typing import Any

import pytest

from stepweave.local_cloud.request_problems import error_answer, request_problem
from stepweave.local_cloud.server import call_application

JSON = "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
DEEP = b'{"a":' * 100_000


def environ(  # noqa: PLR0917 - what a request has
    service: str,
    body: bytes = b"",
    kind: str = JSON,
    path: str = "/",
    query: str = "",
    method: str = "POST",
    **rest: str,
) -> dict[str, Any]:
    scope = f"Credential=local/20260101/us-east-1/{service}/aws4_request"
    return {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00",
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": kind,
        "wsgi.input": io.BytesIO(body),
        **rest,
    }


def dynamodb(body: Any, operation: str = "PutItem") -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return environ("dynamodb", content, HTTP_X_AMZ_TARGET=f"DynamoDB_20120810.{operation}")


RIGHT = {"TableName": "table", "Item": {"id": {"S": "x"}}}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (dynamodb(b"{"), "SerializationException"),
        (dynamodb(b"\xff"), "SerializationException"),
        (dynamodb(b"[1]"), "SerializationException"),
        (dynamodb(b"null"), "SerializationException"),
        (dynamodb(b'"text"'), "SerializationException"),
        (dynamodb(DEEP), "SerializationException"),
        (dynamodb({"TableName": "table"}), "ValidationException"),
        (dynamodb({**RIGHT, "TableName": 1}), "ValidationException"),
        (dynamodb({**RIGHT, "Item": {"id": "x"}}), "ValidationException"),
        (dynamodb({**RIGHT, "Item": {"id": {}}}), "ValidationException"),
        (dynamodb({}, "NoOperation"), "UnknownOperationException"),
        (environ("sns", b"Action=\xff", FORM), "SerializationException"),
        (environ("sns", b"Action=%FF", FORM), "SerializationException"),
        (environ("sns", b"Action=Nothing", FORM), "InvalidAction"),
        (environ("sns", b"", FORM), "InvalidAction"),
        (environ("sns", b"Action=CreateTopic", FORM), "ValidationError"),
        (environ("sns", b"Action=Publish&Topi=x&Message=x", FORM), "ValidationError"),
        (environ("lambda", b"{", "application/json", "/2015-03-31/functions"), "SerializationException"),
        (
            environ("lambda", b'{"FunctionName": "f"}', "application/json", "/2015-03-31/functions"),
            "ValidationException",
        ),
        (environ("lambda", b"{}", "application/json", "/nothing"), "MethodNotAllowed"),
        (environ("s3", b"<a><b></a>", "", "/b", "delete"), "MalformedXML"),
        (environ("s3", b"<?xml version='1.0' encoding='x'?><a/>", "", "/b", "delete"), "MalformedXML"),
        (environ("s3", b"<a/>", "", "/b", "delete"), "MalformedXML"),
        (environ("s3", b"<Delete/>", "", "/b", "delete"), "MalformedXML"),
        (environ("s3", b"<Delete><Object/></Delete>", "", "/b", "delete"), "MalformedXML"),
        (environ("s3", b"", "", "/b/k", method="PUT", HTTP_X_AMZ_COPY_SOURCE="%"), "InvalidArgument"),
        (environ("s3", b"", "", "/b/\xff"), "InvalidRequest"),
        (environ("s3", b"", "", "/b/\0"), "InvalidRequest"),
        (environ("s3", b"", "", "/b", "prefix=%ff"), "InvalidRequest"),
        (environ("nothing"), "UnrecognizedClientException"),
        (environ("s3", HTTP_AUTHORIZATION="AWS4-HMAC-SHA256 Credential=x"), "IncompleteSignature"),
    ],
)
def test_a_service_that_fails_of_the_request_is_not_at_fault(request_: dict[str, Any], code: str) -> None:
    def fails(environ: Any, _start: object) -> list[bytes]:
        environ["wsgi.input"].read()
        raise AttributeError("whatever")

    status, _headers, content = call_application(fails, request_)
    assert status.startswith("405" if code == "MethodNotAllowed" else "400"), content
    assert code.encode() in content


@pytest.mark.parametrize(
    ("request_", "beginning"),
    [
        (dynamodb(b"{"), b'{"__type": "SerializationException"'),
        (environ("sns", b"Action=Nothing", FORM), b"<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction<"),
        (environ("s3", b"<a", "", "/b", "delete"), b"<Error><Code>MalformedXML</Code>"),
    ],
)
def test_it_is_said_as_the_service_says_its_errors(request_: dict[str, Any], beginning: bytes) -> None:
    problem = request_problem(request_, ValueError())
    assert problem is not None
    assert error_answer(request_, problem)[2].startswith(beginning)


@pytest.mark.parametrize(
    "request_",
    [
        dynamodb(RIGHT),
        environ("sns", b"Action=CreateTopic&Name=%E2%82%AC", FORM),
        environ("s3", b"<Delete><Object><Key>k</Key></Object></Delete>", "application/xml", "/b", "delete"),
        environ("s3", b"\xff", "", "/b/k", method="PUT"),
        environ("s3", b"", "", "/", "uploads", method="GET", HTTP_HOST="b.localhost:4566"),
        environ("s3", b"{", "text/plain", "/b/k", method="PUT"),
        environ("lambda", b"{}", "application/json", "/2015-03-31/functions/f/invocations"),
        {},
    ],
)
def test_a_service_that_fails_of_something_else_is(request_: dict[str, Any]) -> None:
    assert request_problem(request_, KeyError("a")) is None


def test_what_the_local_cloud_cannot_do_is_named() -> None:
    problem = request_problem(dynamodb(RIGHT), NotImplementedError("this"))
    assert problem is not None
    assert (problem.code, problem.status) == ("NotImplemented", 501)
