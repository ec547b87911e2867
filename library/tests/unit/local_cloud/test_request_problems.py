import io

import pytest

from stepweave.local_cloud.request_problems import problem_answer, request_problem
from stepweave.local_cloud.server import call_application

JSON = "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
DEEP = b'{"a":' * 100_000


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{"),
        (JSON, b"\xff"),
        (JSON, b"[1]"),
        (JSON, b"null"),
        (JSON, b'"text"'),
        (JSON, DEEP),
        ("application/json", b"{"),
        (FORM, b"Action=\xff"),
        (FORM, b"Action=%FF"),
        ("", b"<?xml version='1.0' encoding='x'?><a/>"),
        ("application/xml", b"<a><b></a>"),
        ("", b"<a"),
    ],
)
def test_a_service_that_fails_of_the_body_is_not_at_fault(kind: str, body: bytes) -> None:
    def fails(environ: object, _start: object) -> list[bytes]:
        environ["wsgi.input"].read()  # type: ignore[index]
        raise AttributeError("whatever")

    status, _headers, content = call_application(fails, {"CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body)})
    assert status.startswith("400 ")
    assert b"SerializationException" in content


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{}"),
        (JSON, b""),
        (FORM, b"Action=%E2%82%AC"),
        ("application/xml", b"<a/>"),
        ("", b"\xff"),
        ("text/plain", b"{"),
    ],
)
def test_a_service_that_fails_of_something_else_is(kind: str, body: bytes) -> None:
    assert request_problem({"CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body)}, KeyError("a")) is None


def test_a_request_without_a_body_is_not_at_fault() -> None:
    assert request_problem({}, KeyError("a")) is None


@pytest.mark.parametrize(
    ("about", "error"),
    [
        ({"HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=x"}, KeyError("a")),
        ({"PATH_INFO": "/\xff"}, KeyError("a")),
        ({"PATH_INFO": "/\0"}, KeyError("a")),
        ({"QUERY_STRING": "prefix=%ff"}, KeyError("a")),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, OSError("not gzip")),
        ({}, KeyError("HTTP_X_AMZ_DECODED_CONTENT_LENGTH")),
        ({}, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")),
    ],
)
def test_a_head_that_cannot_be_read_is_the_clients_fault(about: dict[str, str], error: Exception) -> None:
    assert request_problem(about, error)


@pytest.mark.parametrize(
    ("service", "beginning"),
    [("s3", b"<Error><Code>MalformedXML<"), ("sns", b"<ErrorResponse>"), ("dynamodb", b'{"__type": "Serialization')],
)
def test_a_problem_is_said_as_the_service_says_its_errors(service: str, beginning: bytes) -> None:
    environ = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{service}/aws4_request, x",
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "wsgi.input": io.BytesIO(b"<a"),
    }
    status, _headers, content = problem_answer(environ, "wrong")
    assert status.startswith("400")
    assert content.startswith(beginning)
