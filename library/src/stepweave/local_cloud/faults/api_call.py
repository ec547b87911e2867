"""Which AWS API a request calls, and how that API spells an error."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

_SCOPE: Final = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_NAMES: Final = {"states": "stepfunctions", "xray": "xray", "logs": "logs"}
"""Names in boto3, by those in a signature where they differ."""
_LAMBDA_INVOKE: Final = re.compile(r"/2015-03-31/functions/[^/]+/invocations")

Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class ApiCall:
    """A call of an AWS API.

    Parameters
    ----------
    service : str
        The service's name in boto3.
    operation : str
        Such as ``PutItem``; empty if the request does not tell.
    is_json, is_query : bool
        Which protocol the service speaks: that of JSON, the older one of queries; else REST.
    """

    service: str
    operation: str
    is_json: bool = False
    is_query: bool = False

    @classmethod
    def of(cls, environ: dict[str, Any]) -> ApiCall:
        """Return the call that a WSGI request makes."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        name = scope.group(1) if scope else ""
        service = _NAMES.get(name, name)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target:
            return cls(service, target.rpartition(".")[2], is_json=True)
        if service == "lambda":
            is_invoke = _LAMBDA_INVOKE.fullmatch(environ.get("PATH_INFO", "")) is not None
            return cls(service, "Invoke" if is_invoke else "")
        action = parse_qs(environ.get("QUERY_STRING", "")).get("Action", [""])[0]
        return cls(service, action, is_query=service != "s3")

    def error(self, code: str, status: int, message: str) -> Answer:
        """Return the answer that reports an error."""
        request_id = str(uuid.uuid4())
        headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
        if self.is_json or self.service == "lambda":
            names = {"__type": code, "message": message} if self.is_json else {"Type": "Service", "Message": message}
            return f"{status} Error", [*headers, ("Content-Type", "application/x-amz-json-1.0")], _json(names)
        body = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if self.is_query:
            kind = "Sender" if status < 500 else "Receiver"
            body = f"<ErrorResponse><Error><Type>{kind}</Type>{body}</Error></ErrorResponse>"
        else:
            body = f"<Error>{body}<RequestId>{request_id}</RequestId></Error>"
        return f"{status} Error", [*headers, ("Content-Type", "text/xml")], body.encode()


def _json(value: dict[str, str]) -> bytes:
    return json.dumps(value).encode()
