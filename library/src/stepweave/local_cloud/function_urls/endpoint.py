"""One function URL, served on a port of loopback of its own.

On a port of its own the URL has no path, as AWS's has none: what a page of the function links to by an absolute path
is found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from stepweave.local_cloud.function_urls.request import access_key, function_event
from stepweave.local_cloud.function_urls.response import forbidden, http_answer, refused
from stepweave.local_cloud.identifiers import new_uuid
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.server import LoopbackServer, bind_loopback


class InvokeFunction(Protocol):
    """Calls a function."""

    def __call__(self, function: str, payload: bytes, *, trace_header: str | None = None) -> InvocationResult:
        """Call a function by its ARN, which may have a qualifier. May raise `InvocationRefused`."""


class UrlEndpoint:
    """Answers requests by calling a function, until it is closed.

    Parameters
    ----------
    function_arn
        The function, with the alias if the URL is an alias's.
    needs_signature
        Tells whether only signed requests are answered, at the moment.
    invoke
        Calls the function.

    Attributes
    ----------
    url : str
        Where it answers.
    """

    def __init__(self, function_arn: str, needs_signature: Callable[[], bool], invoke: InvokeFunction) -> None:
        self._function_arn = function_arn
        self._needs_signature = needs_signature
        self._invoke = invoke
        self._id = new_uuid().replace("-", "")
        with bind_loopback() as listener:
            self._server = LoopbackServer(self._answer, listener)
        self._server.start()
        self.url = f"http://localhost:{self._server.port}/"

    def close(self) -> None:
        """Answer no more; requests that are being answered are."""
        self._server.close()

    def join(self) -> None:
        """Return when all threads have ended; `close` comes before."""
        self._server.join()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, headers, content = self._call(environ)
        start_response(status, headers)
        return [content]

    def _call(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        if self._needs_signature() and access_key(environ) is None:
            return forbidden()
        payload = json.dumps(function_event(environ, self._id), separators=(",", ":")).encode()
        try:
            result = self._invoke(self._function_arn, payload, trace_header=environ.get("HTTP_X_AMZN_TRACE_ID"))
        except InvocationRefused as error:
            return forbidden() if error.code == "ResourceNotFoundException" else refused(error)
        status, headers, content = http_answer(result)
        return status, [*headers, ("x-amzn-RequestId", result.request_id)], content
