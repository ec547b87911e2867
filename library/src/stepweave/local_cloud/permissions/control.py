"""Tells over HTTP what was refused, and takes what is to happen to what no policy allows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Final

from stepweave.local_cloud.permissions.authority import Authority, Mode
from stepweave.local_cloud.server import WsgiApplication

PERMISSIONS_PATH: Final = "/_stepweave/permissions"  # no bucket's name can begin like this
MODE_VARIABLE: Final = "STEPWEAVE_LOCAL_PERMISSIONS"


def mode_of_environment() -> Mode:
    """Return what the environment says of a local cloud that is to start; permissions are enforced if it says nothing.

    Raises
    ------
    ValueError
        If it says something else.
    """
    return Mode(os.environ.get(MODE_VARIABLE) or Mode.ENFORCE)


def with_permissions(application: WsgiApplication, authority: Authority) -> WsgiApplication:
    """Answer :data:`PERMISSIONS_PATH`; leave all other requests to ``application``.

    ``GET`` answers ``{"mode": ..., "refused": [{"caller", "action", "resource", "reason", "at", "message"}]}``. ``PUT``
    of ``{"mode": "enforce" | "audit" | "off"}`` sets the mode, and answers the same.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PERMISSIONS_PATH:
            return application(environ, start_response)
        status = "200 OK"
        if environ["REQUEST_METHOD"] == "PUT":
            try:
                authority.mode = Mode(json.loads(environ["wsgi.input"].read())["mode"])
            except (ValueError, KeyError, TypeError):
                status = "400 Bad Request"
        refused = [{**asdict(one), "message": one.message} for one in authority.refusals]
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps({"mode": authority.mode, "refused": refused}).encode()]

    return answer
