"""The engine's own calls of AWS services stay in this process.

Upstream defects: for each service call of a task the Step Functions engine builds a new boto3 client, which reads the
user's profile and takes tens of milliseconds, and sends the call over HTTP to a fixed port that need not be ours.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.handlers import set_list_objects_encoding_type_url
from moto.core.botocore_stubber import MockRawResponse

from stepweave.local_cloud.account import LocalSession
from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.permissions.callers import Caller, acting, service_session
from stepweave.local_cloud.permissions.guard import CALLER
from stepweave.local_cloud.server import WsgiApplication, call_application

STATES: Final = "states.amazonaws.com"
_LISTINGS = ("ListObjects", "ListObjectsV2", "ListObjectVersions")  # for which botocore asks more than a task did
_ENGINE_PACKAGE = "moto.stepfunctions.parser."


class InProcessClients:
    """botocore clients whose requests are answered by a WSGI application, without a socket.

    Parameters
    ----------
    application
        What answers.
    endpoint_url
        What the requests name as their host.
    """

    def __init__(self, application: WsgiApplication, endpoint_url: str) -> None:
        self._application = application
        self._session = LocalSession(endpoint_url)
        self._clients: dict[tuple[str, str, str], BaseClient] = {}
        self._lock = threading.Lock()

    def client(self, region: str, service: str, state_credentials: Any = None) -> BaseClient:
        """Return the client of a service in a region; the signature is that of the engine's own function.

        It makes its calls in the name of a task's role, or of whoever acts when it is used.
        """
        role = "" if state_credentials is None else state_credentials.role_arn
        with self._lock:
            client = self._clients.get((region, service, role))
            if client is None:
                client = self._session.client(
                    service,
                    region_name=region,
                    config=Config(
                        parameter_validation=False,
                        retries={"total_max_attempts": 1},
                        response_checksum_validation="when_required",
                    ),
                )
                for operation in _LISTINGS:
                    client.meta.events.unregister(
                        f"before-parameter-build.s3.{operation}", set_list_objects_encoding_type_url
                    )
                caller = service_session(role, STATES) if role else None
                client.meta.events.register_last("before-send.*.*", partial(self._answer, caller))
                self._clients[region, service, role] = client
            return client

    def _answer(self, caller: Caller | None, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        environ = {**_environ(request), CALLER: caller or acting()}
        status, headers, content = call_application(self._application, environ)
        return AWSResponse(
            request.url, int(status.split()[0]), HTTPHeaders.from_pairs(headers), MockRawResponse(content)
        )


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """Spell a botocore request as a WSGI server would."""
    url = urlsplit(request.url)
    body: Any = request.body or b""
    content = body if isinstance(body, bytes | bytearray) else body.encode() if isinstance(body, str) else body.read()
    raw_uri = url.path + (f"?{url.query}" if url.query else "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1") or "/",
        "QUERY_STRING": url.query,
        "REQUEST_URI": raw_uri,
        "RAW_URI": raw_uri,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(content),
        "HTTP_HOST": url.netloc,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = text
    environ["CONTENT_LENGTH"] = str(len(content))
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


@contextmanager
def in_process_clients(application: WsgiApplication, endpoint_url: str) -> Iterator[InProcessClients]:
    """Give every task of the engine these clients."""
    clients = InProcessClients(application, endpoint_url)
    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith(_ENGINE_PACKAGE) and hasattr(module, "boto_client_for")
    ]
    with ExitStack() as patches:
        for module in users:
            patches.enter_context(replaced(module, "boto_client_for", clients.client))
        yield clients
