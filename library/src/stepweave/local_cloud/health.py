"""Tells who answers at a port, so that nobody takes another program for the local cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from stepweave.local_cloud.server import WsgiApplication

HEALTH_PATH: Final = "/_stepweave/health"  # no bucket's name can begin like this


def with_health(application: WsgiApplication) -> WsgiApplication:
    """Answer :data:`HEALTH_PATH` with the process id; leave all other requests to ``application``."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != HEALTH_PATH:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"service": "stepweave-local-cloud", "pid": os.getpid()}).encode()]

    return answer
