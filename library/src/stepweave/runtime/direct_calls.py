"""A short way for calls of DynamoDB: botocore prepares a call, and this sends it where all is as usual.

An agent makes two such calls at least for each task. botocore spends milliseconds of CPU on one, most of it on events,
headers and its HTTP stack; a function with little memory has a small share of a CPU, and there they become tens. Here
a call is signed, by botocore, and sent over a connection that is kept. Only a success is taken from here. Whatever
else happens, the same call goes botocore's own way, with its retries and its errors, as after a first attempt that
failed.

This and `stepweave.runtime.kept_connections` only make things faster: where botocore does all of it, a task that does
nothing takes 40 % longer (a chain of 20 on ``library/benchmarks/latency.py``), and 1.5 ms more of its function's CPU.
"""

from __future__ import annotations

import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.parsers import create_parser

from stepweave.runtime.kept_connections import KeptConnections

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

Outcome: TypeAlias = "tuple[AWSResponse, dict[str, Any]]"
_Hook: TypeAlias = "Callable[..., None]"  # the types of botocore know of no event whose handler answers


class DirectCalls:
    """Sends what a client of a service with a JSON protocol is about to send.

    Parameters
    ----------
    connections : KeptConnections
        Where it is sent.
    """

    def __init__(self, connections: KeptConnections) -> None:
        self._connections = connections
        self._parser = create_parser("json")

    def attach(self, client: BaseClient) -> None:
        """Have a client's calls sent from here; where there is a proxy, leave them to botocore, which knows of it."""
        if not urllib.request.getproxies_environment():
            service = client.meta.service_model.service_id.hyphenize()
            client.meta.events.register_last(f"before-call.{service}", cast("_Hook", self.send))

    def send(
        self, model: Any, params: dict[str, Any], request_signer: Any, context: dict[str, Any], **_: object
    ) -> Outcome | None:
        """Answer botocore's event ``before-call``; None has botocore send the call itself."""
        url, body = urlsplit(params["url"]), params["body"]
        if url.path not in {"", "/"} or url.query or url.port in {80, 443}:
            return None
        if request_signer.signature_version != "v4" or "signing" in context:
            return None
        signer = request_signer.get_auth_instance(request_signer.signing_name, request_signer.region_name)
        if signer.credentials is None:
            return None
        request = AWSRequest("POST", params["url"], params["headers"], body)
        signer.add_auth(request)
        headers = {name: _text(value) for name, value in request.headers.items()}
        try:
            answer = self._connections.post(url.scheme, url.netloc, {"host": url.netloc, **headers}, body)
        except OSError:
            return None
        if answer.status != HTTPStatus.OK:
            return None
        content = {"status_code": 200, "headers": answer.headers, "body": answer.content}
        parsed = self._parser.parse(content, model.output_shape)
        parsed["ResponseMetadata"]["RetryAttempts"] = 0
        return AWSResponse(params["url"], answer.status, HTTPHeaders(), None), parsed


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
