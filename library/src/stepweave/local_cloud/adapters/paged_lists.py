"""Lists come in pages, and a token that no page gave is refused in the service's own words.

Upstream defects: some operations overlook the limit that they are given, so that a reader of pages never sees a second
one; Lambda's overlook the token as well, so that one who reads the second page gets the first again. A token that is
none ends in a `ValueError`, or in an error of another service.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from stepweave.local_cloud.api_call import Answer, ApiCall
from stepweave.local_cloud.server import WsgiApplication

TOKEN_ERRORS: Final = {
    "cloudformation": ("ValidationError", "The NextToken is not valid."),
    "cloudwatch": ("InvalidNextToken", "The next token specified is invalid."),
    "dynamodb": ("ValidationException", "One or more parameter values were invalid: the start key is not valid."),
    "iam": ("ValidationError", "Invalid Marker."),
    "kms": ("InvalidMarkerException", "Could not deserialize the marker."),
    "lambda": ("InvalidParameterValueException", "The Marker is not valid."),
    "logs": ("InvalidParameterException", "The specified nextToken is invalid."),
    "s3": ("InvalidArgument", "The continuation token provided is incorrect"),
    "secretsmanager": ("InvalidNextTokenException", "You provided an invalid NextToken."),
    "sns": ("InvalidParameter", "Invalid parameter: NextToken"),
    "sqs": ("InvalidParameterValueException", "Invalid or expired next token."),
    "ssm": ("InvalidNextToken", "The specified token is not valid."),
    "stepfunctions": ("InvalidToken", "Invalid Token: 'Invalid token'"),
    "xray": ("InvalidRequestException", "The NextToken is not valid."),
}
"""How services refuse a token; those that are not here by a ``ValidationException``."""
_OTHERS: Final = ("ValidationException", "The token is not valid.")
_UNPAGED: Final = {"lambda": 50}
"""Services none of whose operations upstream pages, with the size of their pages."""
_OURS: Final = "local-page:"
_UPSTREAM: Final = b"InvalidToken"
_LISTS: Final = ("List", "Describe")
_KEPT: Final = 10_000


@dataclass(frozen=True)
class _Paging:
    """How an operation spells its pages."""

    token: str
    limit: str
    items: str
    next_token: str


def paged_lists(application: WsgiApplication) -> WsgiApplication:
    """Page the lists of an application that does not, and refuse tokens that it did not give.

    Parameters
    ----------
    application
        Moto's. It may raise.
    """
    issued = _IssuedTokens()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = _Request.of(environ)
        if request is None:
            return application(environ, start_response)
        if request.token is not None and request.token not in issued:
            status, headers, content = invalid_token(request.call)
            start_response(status, headers)
            return [content]
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        content = b"".join(application(request.whole(environ), lambda *start: begun.append((start[0], start[1]))))
        status, headers = begun[-1]
        if status.startswith("400") and _UPSTREAM in content:
            status, headers, content = invalid_token(request.call)
        elif status.startswith("200"):
            content, token = request.page(content)
            issued.add(token)
        start_response(status, [(name, value) for name, value in headers if name.lower() != "content-length"])
        return [content]

    return answer


class _IssuedTokens:
    """The tokens that were given lately."""

    def __init__(self) -> None:
        self._tokens: dict[str, None] = {}

    def __contains__(self, token: str) -> bool:
        return token in self._tokens

    def add(self, token: object) -> None:
        if token:
            self._tokens[str(token)] = None
            while len(self._tokens) > _KEPT:
                del self._tokens[next(iter(self._tokens))]


def has_token(call: ApiCall, parameters: Any) -> bool:
    """Tell whether the parameters of a call name a page."""
    tokens = _pagination(call.service).get(call.operation, {}).get("input_token", [])
    return any(parameters.get(token) for token in ([tokens] if isinstance(tokens, str) else tokens))


def invalid_token(call: ApiCall) -> Answer:
    """Return the answer of a service to a token that is none."""
    code, message = TOKEN_ERRORS.get(call.service, _OTHERS)
    return call.error(code, 400, message)


@dataclass(frozen=True)
class _Request:
    """A request for a page."""

    call: ApiCall
    paging: _Paging
    given: dict[str, Any]

    @classmethod
    def of(cls, environ: dict[str, Any]) -> _Request | None:
        """Return the request if it is one for a list that comes in pages; else None."""
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        authorization: str = environ.get("HTTP_AUTHORIZATION", "")
        if target:
            if not target.rpartition(".")[2].startswith(_LISTS):
                return None
        elif environ["REQUEST_METHOD"] != "GET" or "/s3/" in authorization or not authorization:
            return None
        call = ApiCall.of(environ)
        paging = _paging(call.service, call.operation)
        if paging is None or call.protocol not in {"json", "rest-json"} or paging.token.startswith("Exclusive"):
            return None
        if not target:
            given: Any = {name: values[-1] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
            return cls(call, paging, given)
        try:
            given = json.loads(environ["wsgi.input"].read() or b"{}")
        except ValueError:
            given = None
        environ["wsgi.input"].seek(0)
        return cls(call, paging, given) if isinstance(given, dict) else None

    @property
    def token(self) -> str | None:
        """What names the page; None if it is the first."""
        token = self.given.get(self.paging.token)
        return None if token is None else str(token)

    @property
    def _offset(self) -> int:
        """The number of the first item."""
        token = self.token or ""
        return int(base64.urlsafe_b64decode(token.removeprefix(_OURS))) if token.startswith(_OURS) else 0

    def whole(self, environ: dict[str, Any]) -> dict[str, Any]:
        """Return the request without a token of ours: upstream answers with the whole list."""
        if not str(self.given.get(self.paging.token, "")).startswith(_OURS):
            return environ
        others = {name: value for name, value in self.given.items() if name != self.paging.token}
        if environ["REQUEST_METHOD"] == "GET":
            path = environ["RAW_URI"].partition("?")[0]
            query = urlencode(others)
            return {**environ, "QUERY_STRING": query, "RAW_URI": f"{path}?{query}", "REQUEST_URI": f"{path}?{query}"}
        content = json.dumps(others).encode()
        return {**environ, "wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}

    def page(self, content: bytes) -> tuple[bytes, str | None]:
        """Return the page of an answer that was asked for, or the answer if it is one already; and the next's token."""
        try:
            answer = json.loads(content)
            items = answer[self.paging.items]
            limit = int(self.given.get(self.paging.limit) or len(items))
        except (ValueError, KeyError, TypeError):
            return content, None
        limit = max(1, min(limit, _UNPAGED.get(self.call.service, limit)))
        token, offset = answer.get(self.paging.next_token), self._offset
        if token or (offset == 0 and len(items) <= limit):
            return content, token
        answer[self.paging.items] = items[offset : offset + limit]
        if offset + limit < len(items):
            token = _OURS + base64.urlsafe_b64encode(f"{offset + limit:06}".encode()).decode()
            answer[self.paging.next_token] = token
        return json.dumps(answer).encode(), token


@cache
def _pagination(service: str) -> dict[str, Any]:
    from moto.core.utils import get_pagination_model  # noqa: PLC0415 - moto takes a second

    try:
        return dict(get_pagination_model(service))
    except Exception:  # noqa: BLE001 - botocore has none for some services
        return {}


@cache
def _paging(service: str, operation: str) -> _Paging | None:
    model = _pagination(service).get(operation, {})
    items = model.get("result_key")
    names = [
        model.get("input_token"),
        model.get("limit_key") or "",
        items[0] if isinstance(items, list) else items,
        model.get("output_token"),
    ]
    return _Paging(*names) if all(isinstance(name, str) for name in names) else None
