"""Stands before the services, and refuses the calls that their callers may not make."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from stepweave.local_cloud.account import REGION
from stepweave.local_cloud.api_call import Answer, ApiCall
from stepweave.local_cloud.permissions.actions.catalog import accesses
from stepweave.local_cloud.permissions.actions.table import Access, Call
from stepweave.local_cloud.permissions.authority import Authority, Mode, denial
from stepweave.local_cloud.permissions.callers import Caller, session_of_token
from stepweave.local_cloud.permissions.evaluation import Decision
from stepweave.local_cloud.server import WsgiApplication, call_application

CALLER: Final = "stepweave.caller"
"""Where a request within this process says who makes it."""
_TOKEN_PARAMETER: Final = re.compile(r"X-Amz-Security-Token=([^&]+)", re.IGNORECASE)
_REGION: Final = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/")
_FORBIDDEN: Final = 403
_ERRORS: Final = {
    "cloudwatch": ("AccessDenied", _FORBIDDEN),
    "cloudformation": ("AccessDenied", _FORBIDDEN),
    "iam": ("AccessDenied", _FORBIDDEN),
    "lambda": ("AccessDeniedException", _FORBIDDEN),
    "s3": ("AccessDenied", _FORBIDDEN),
    "scheduler": ("AccessDeniedException", _FORBIDDEN),
    "sns": ("AuthorizationError", _FORBIDDEN),
    "sqs": ("AccessDenied", _FORBIDDEN),
    "sts": ("AccessDenied", _FORBIDDEN),
    "xray": ("AccessDeniedException", _FORBIDDEN),
}
_ERROR: Final = ("AccessDeniedException", 400)


class PermissionGuard:
    """A WSGI application in front of another.

    Parameters
    ----------
    application
        The services.
    authority
        Decides.
    """

    def __init__(self, application: WsgiApplication, authority: Authority) -> None:
        self._application = application
        self._authority = authority

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        caller = caller_of(environ)
        if caller is None or self._authority.mode is Mode.OFF:
            return self._application(environ, start_response)
        status, headers, content = self._answer(environ, caller)
        start_response(status, headers)
        return [content]

    def _answer(self, environ: dict[str, Any], caller: Caller) -> Answer:
        api = ApiCall.of(environ)
        if not api.operation:
            return call_application(self._application, environ)
        call = Call(api.service, api.operation, _parameters(api, environ), self._authority.stored, _region(environ))
        refused: list[tuple[Access, Decision]] = []
        for access in accesses(call):
            decision = self._authority.check(caller, access)
            if decision.is_allowed:
                continue
            if not access.item:
                return _refusal(api, environ, caller, access, decision)
            refused.append((access, decision))
        if refused:
            return self._all_but(environ, caller, refused)
        answer = call_application(self._application, environ)
        return self._without_listing(api, call, environ, caller, answer)

    def _all_but(self, environ: dict[str, Any], caller: Caller, refused: list[tuple[Access, Decision]]) -> Answer:
        """Answer a call for many objects of S3, some of which are refused."""
        body = environ["wsgi.input"].read().decode()
        errors = ""
        for access, decision in refused:
            key = escape(access.item)
            body = re.sub(rf"<Object>\s*<Key>{re.escape(key)}</Key>.*?</Object>", "", body, flags=re.DOTALL)
            message = escape(denial(caller.arn, access.action, str(access.resource), decision.reason))
            errors += f"<Error><Key>{key}</Key><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        if "<Object>" not in body:
            content = f'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{errors}</DeleteResult>'
            return "200 OK", [("Content-Type", "application/xml")], content.encode()
        rest = body.encode()
        asked = {**environ, "wsgi.input": io.BytesIO(rest), "CONTENT_LENGTH": str(len(rest))}
        status, headers, content_ = call_application(self._application, asked)
        return status, headers, content_.replace(b"</DeleteResult>", f"{errors}</DeleteResult>".encode())

    def _without_listing(
        self, api: ApiCall, call: Call, environ: dict[str, Any], caller: Caller, answer: Answer
    ) -> Answer:
        """Keep from who may not list a bucket whether an object is there."""
        if api.service != "s3" or not answer[0].startswith("404") or not call.text("Key"):
            return answer
        if b"NoSuchBucket" in answer[2]:
            return answer
        listing = Access("s3:ListBucket", f"arn:aws:s3:::{call.text('Bucket')}")
        decision = self._authority.check(caller, listing)
        return answer if decision.is_allowed else _refusal(api, environ, caller, listing, decision)


def caller_of(environ: dict[str, Any]) -> Caller | None:
    """Return who makes a request; None if it is a developer."""
    if (caller := environ.get(CALLER)) is not None:
        known: Caller = caller
        return known
    token: str = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    if not token and (found := _TOKEN_PARAMETER.search(environ.get("QUERY_STRING", ""))):
        token = unquote(found[1])
    return session_of_token(token) if token else None


def _parameters(api: ApiCall, environ: dict[str, Any]) -> dict[str, Any]:
    try:
        if api.protocol == "json" and "HTTP_X_AMZ_TARGET" in environ:
            content = environ["wsgi.input"].read()
            environ["wsgi.input"].seek(0)
            found: Any = json.loads(content or b"{}")
        else:
            found = api.parameters(environ)
    except Exception:  # noqa: BLE001 - the service says what is wrong with a request that cannot be read
        return {}
    return found if isinstance(found, dict) else {}


def _region(environ: dict[str, Any]) -> str:
    found = _REGION.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else REGION


def _refusal(api: ApiCall, environ: dict[str, Any], caller: Caller, access: Access, decision: Decision) -> Answer:
    code, status = _ERRORS.get(api.service, _ERROR)
    message = denial(caller.arn, access.action, str(access.resource or "*"), decision.reason)
    answer = api.error(code, status, message)
    return (answer[0], answer[1], b"") if environ["REQUEST_METHOD"] == "HEAD" else answer
