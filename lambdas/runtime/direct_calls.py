"""A short way for calls of DynamoDB: botocore prepares a call, and this sends it where all is as usual.

An agent makes two such calls at least for each task. botocore spends milliseconds of CPU on one, most of it on events,
headers and its HTTP stack; a function with little memory has a small share of a CPU, and there they become tens. Here
a call is signed by botocore and sent over a connection that is kept. Only a success is taken from here. Whatever else
happens, the same call goes botocore's own way, with its retries and its errors, as after a first attempt that failed.
"""

from __future__ import annotations

import http.client
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import NoCredentialsError
from botocore.parsers import create_parser

from lambdas.runtime.kept_connections import KeptConnections

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

Answer: TypeAlias = "tuple[AWSResponse, dict[str, Any]]"
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
    ) -> Answer | None:
        """Answer botocore's event ``before-call``; None has botocore send the call itself."""
        url, body = urlsplit(params["url"]), params["body"]
        if url.path not in {"", "/"} or url.query or request_signer.signature_version != "v4" or "signing" in context:
            return None
        request = AWSRequest("POST", params["url"], headers=params["headers"], data=body)
        auth = request_signer.get_auth_instance(request_signer.signing_name, request_signer.region_name)
        try:
            auth.add_auth(request)
        except NoCredentialsError:
            return None
        try:
            response, content = self._connections.post(url.scheme, url.netloc, body, dict(request.headers))
        except (OSError, http.client.HTTPException):
            return None
        if response.status != HTTPStatus.OK:
            return None
        answered = {name.lower(): value for name, value in response.getheaders()}
        parsed = self._parser.parse({"status_code": 200, "headers": answered, "body": content}, model.output_shape)
        parsed["ResponseMetadata"]["RetryAttempts"] = 0
        return AWSResponse(params["url"], response.status, HTTPHeaders(), response), parsed
