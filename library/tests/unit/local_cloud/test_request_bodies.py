import io

import pytest

from stepweave.local_cloud.request_bodies import body_problem
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
        ("application/xml", b"<a><b></a>"),
        ("", b"<a"),
    ],
)
def test_a_service_that_fails_of_the_body_is_not_at_fault(kind: str, body: bytes) -> None:
    def fails(environ: object, _start: object) -> list[bytes]:
        environ["wsgi.input"].read()  # type: ignore[index]
        raise AttributeError("whatever")

    status, _headers, content = call_application(fails, {"CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body)})
    assert status == "400 Bad Request"
    assert b"SerializationException" in content


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{}"),
        (JSON, b""),
        (FORM, b"Action=%FF"),
        ("application/xml", b"<a/>"),
        ("", b"\xff"),
        ("text/plain", b"{"),
    ],
)
def test_a_service_that_fails_of_something_else_is(kind: str, body: bytes) -> None:
    assert body_problem({"CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body)}, KeyError("a")) is None


def test_a_request_without_a_body_is_not_at_fault() -> None:
    assert body_problem({}, KeyError("a")) is None
