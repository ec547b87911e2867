"""A request to a function's URL as the function gets it: AWS's payload format 2.0."""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from stepweave.local_cloud.account import ACCESS_KEY_ID, ACCOUNT_ID
from stepweave.local_cloud.identifiers import new_uuid

_TEXT: Final = re.compile(r"text/.*|application/(.*\+)?(json|xml|javascript)", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"AWS4-HMAC-SHA256 .*Credential=([^/,]+)/")
_HEADER: Final = "HTTP_"
_LEFT_OUT: Final = frozenset({"cookie", "connection"})

JsonObject = dict[str, Any]


def function_event(environ: dict[str, Any], url_id: str) -> JsonObject:
    """Return the event of a WSGI request.

    Parameters
    ----------
    environ
        The request.
    url_id
        The name of the URL, which AWS makes the first label of its host.
    """
    body: bytes = environ["wsgi.input"].read()
    headers = _headers(environ)
    path, _, query = environ["RAW_URI"].partition("?")
    now = time.time()
    signature = access_key(environ)
    event: JsonObject = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name: value for name, value in headers.items() if name not in _LEFT_OUT},
        "requestContext": {
            "accountId": "anonymous" if signature is None else ACCOUNT_ID,
            "apiId": url_id,
            "domainName": headers.get("host", ""),
            "domainPrefix": url_id,
            "http": {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": environ["REMOTE_ADDR"],
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": new_uuid(),
            "routeKey": "$default",
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if signature is not None:
        event["requestContext"]["authorizer"] = {"iam": _caller(signature)}
    if "cookie" in headers:
        event["cookies"] = [cookie.strip() for cookie in headers["cookie"].split(";")]
    if query:
        event["queryStringParameters"] = _parameters(query)
    if body:
        text = _text(body, headers.get("content-type", ""))
        event["body"] = base64.b64encode(body).decode() if text is None else text
        event["isBase64Encoded"] = text is None
    return event


def access_key(environ: dict[str, Any]) -> str | None:
    """Return the access key that a request was signed with; None if it was not."""
    found = _SIGNATURE.match(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else None


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {
        name.removeprefix(_HEADER).replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith(_HEADER) or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }
    return {
        **{name: str(value) for name, value in headers.items() if value},
        "x-forwarded-for": environ["REMOTE_ADDR"],
        "x-forwarded-port": environ["SERVER_PORT"],
        "x-forwarded-proto": "http",
    }


def _parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _text(body: bytes, content_type: str) -> str | None:
    """Return a body as text; None if it is not a text's."""
    if not _TEXT.fullmatch(content_type.partition(";")[0].strip()):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _caller(key: str) -> JsonObject:
    user = "root" if key == ACCESS_KEY_ID else key
    return {
        "accessKey": key,
        "accountId": ACCOUNT_ID,
        "callerId": key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{ACCOUNT_ID}:{user}",
        "userId": key,
    }
