"""Requests to functions' URLs, as events and as answers."""

import base64
import io
import json
from typing import Any

import pytest

from stepweave.local_cloud.function_urls.request import function_event
from stepweave.local_cloud.function_urls.response import http_answer
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult


def event(body: bytes = b"", **environ: str) -> dict[str, Any]:
    return function_event(
        {
            "REQUEST_METHOD": "POST",
            "RAW_URI": "/a%20b/c?x=1&x=2&y=",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PORT": "1234",
            "HTTP_HOST": "localhost:1234",
            "wsgi.input": io.BytesIO(body),
            **environ,
        },
        "id",
    )


def test_the_event_is_that_of_format_2() -> None:
    made = event(HTTP_COOKIE="a=1; b=2", HTTP_X_THING="t", HTTP_USER_AGENT="me")
    assert made["version"] == "2.0"
    assert (made["rawPath"], made["rawQueryString"]) == ("/a%20b/c", "x=1&x=2&y=")
    assert made["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert made["cookies"] == ["a=1", "b=2"]
    assert made["headers"]["x-thing"] == "t"
    assert "cookie" not in made["headers"]
    assert made["requestContext"]["http"] == {
        "method": "POST",
        "path": "/a%20b/c",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert made["requestContext"]["accountId"] == "anonymous"
    assert "body" not in made


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [("application/json", True), ("text/plain; charset=utf-8", True), ("application/x-www-form-urlencoded", False)],
)
def test_what_is_no_text_comes_in_base64(kind: str, is_text: bool) -> None:
    made = event(b"a=1", CONTENT_TYPE=kind)
    assert made["isBase64Encoded"] is not is_text
    assert made["body"] == ("a=1" if is_text else base64.b64encode(b"a=1").decode())


def test_who_signs_is_named() -> None:
    made = event(HTTP_AUTHORIZATION="AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/lambda/aws4_request")
    assert made["requestContext"]["authorizer"]["iam"]["accessKey"] == "KEY"


@pytest.mark.parametrize(
    ("value", "status", "body"),
    [
        ("hi", 200, b"hi"),
        ({"hello": "world"}, 200, b'{"hello":"world"}'),
        (["hello", 3, True], 200, b'["hello",3,true]'),
        (3.1, 200, b"3.1"),
        (None, 200, b"null"),
        ({"statusCode": 201, "body": "made"}, 201, b"made"),
        ({"statusCode": "404"}, 404, b""),
        ({"statusCode": 200, "body": {"a": 1}}, 200, b'{"a":1}'),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, b"hi"),
        ({"statusCode": 200, "body": "?", "isBase64Encoded": True}, 502, b"Internal Server Error"),
        ({"statusCode": "x"}, 502, b"Internal Server Error"),
    ],
)
def test_results_are_answers(value: Any, status: int, body: bytes) -> None:
    line, headers, content = http_answer(InvocationResult("i", json.dumps(value).encode(), None, "1", 1.0))
    assert (int(line[:3]), content) == (status, body)
    assert dict(headers)["Content-Type"] == "application/json"


def test_headers_and_cookies_are_passed_on() -> None:
    value = {"statusCode": 302, "headers": {"content-type": "text/html", "Location": "/"}, "cookies": ["a=1", "b=2"]}
    _, headers, _ = http_answer(InvocationResult("i", json.dumps(value).encode(), None, "1", 1.0))
    assert headers == [("content-type", "text/html"), ("Location", "/"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


def test_a_function_that_fails_is_a_bad_gateway() -> None:
    line, _, content = http_answer(InvocationResult("i", b"{}", "Unhandled", "1", 1.0))
    assert (line[:3], content) == ("502", b"Internal Server Error")
