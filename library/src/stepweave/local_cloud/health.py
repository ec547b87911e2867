"""Tells who answers at a port, so that nobody takes another program for the local cloud."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from stepweave.local_cloud.server import WsgiApplication

HEALTH_PATH: Final = "/_stepweave/health"  # no bucket's name can begin like this
_TIMEOUT_SECONDS: Final = 2.0


def with_health(application: WsgiApplication) -> WsgiApplication:
    """Answer :data:`HEALTH_PATH` with the process id; leave all other requests to ``application``."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != HEALTH_PATH:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"service": "stepweave-local-cloud", "pid": os.getpid()}).encode()]

    return answer


def answering_process(port: int) -> int | None:
    """Return the process id of the local cloud that answers at a port of this machine, or None if none does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        content = json.loads(connection.getresponse().read())
        return int(content["pid"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
