"""What a function returns, as the answer of its URL."""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any, Final

from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult

Answer = tuple[str, list[tuple[str, str]], bytes]

_JSON: Final = ("Content-Type", "application/json")
_FAILED: Final = "Internal Server Error"
FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def http_answer(result: InvocationResult) -> Answer:
    """Return the answer that a result stands for.

    An object with a status code says what the answer is; of all else, the JSON text is the body, and of a string, the
    string.
    """
    if result.function_error is not None:
        return _answer(HTTPStatus.BAD_GATEWAY, [_JSON], _FAILED.encode())
    try:
        value = json.loads(result.payload)
    except ValueError:
        return _answer(200, [_JSON], result.payload)
    if not isinstance(value, dict) or "statusCode" not in value:
        return _answer(200, [_JSON], _text(value).encode())
    try:
        headers = [(str(name), _text(header)) for name, header in (value.get("headers") or {}).items()]
        headers += [("Set-Cookie", str(cookie)) for cookie in value.get("cookies") or ()]
        body = _text(value["body"]) if value.get("body") is not None else ""
        content = base64.b64decode(body, validate=True) if value.get("isBase64Encoded") else body.encode()
        status = int(value["statusCode"])
    except (ValueError, TypeError, AttributeError, binascii.Error):
        status = 0
    if not 200 <= status < 600:
        return _answer(HTTPStatus.BAD_GATEWAY, [_JSON], _FAILED.encode())
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = [_JSON, *headers]
    return _answer(status, headers, content)


def refused(error: InvocationRefused) -> Answer:
    """Return the answer to a request that does not reach the function."""
    body = {"Type": "User", "message": error.message}
    if error.reason is not None:
        body["Reason"] = error.reason
    return _answer(error.status, [_JSON, ("x-amzn-ErrorType", error.code)], json.dumps(body).encode())


def forbidden() -> Answer:
    """Return the answer to who may not call the function."""
    return _answer(
        403, [_JSON, ("x-amzn-ErrorType", "AccessDeniedException")], json.dumps({"Message": FORBIDDEN}).encode()
    )


def _answer(status: int, headers: list[tuple[str, str]], content: bytes) -> Answer:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return f"{int(status)} {phrase}", headers, content


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
