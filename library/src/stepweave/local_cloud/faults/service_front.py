"""Stands before the services, and interferes with the calls that a plan chooses."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, Final

from stepweave.local_cloud.api_call import Answer, ApiCall
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import Interference, Kind
from stepweave.local_cloud.server import WsgiApplication, call_application

_MESSAGE: Final = "The fault plan of the test chose this call."


class ServiceFront:
    """A WSGI application in front of another.

    Parameters
    ----------
    application : WsgiApplication
        The services.
    plan : FaultPlan
        What is to happen to which calls.
    sleep : Callable[[float], None]
        Waits for seconds.
    """

    def __init__(self, application: WsgiApplication, plan: FaultPlan, sleep: Callable[[float], None]) -> None:
        self._application = application
        self._plan = plan
        self._sleep = sleep

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if not self._plan.has_service_faults():
            return self._application(environ, start_response)
        call = ApiCall.of(environ)
        interference = self._plan.take_service(call.service, call.operation)
        if interference is None:
            return self._application(environ, start_response)
        status, headers, content = self._interfere(call, interference, environ)
        start_response(status, headers)
        return [content]

    def _interfere(self, call: ApiCall, interference: Interference, environ: dict[str, Any]) -> Answer:
        if interference.kind is Kind.REFUSED:
            return call.error(interference.error, interference.status, _MESSAGE)
        if interference.kind is Kind.DELAYED:
            self._sleep(interference.seconds)
            return call_application(self._application, environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        call_application(self._application, {**environ, "wsgi.input": io.BytesIO(body)})
        if interference.kind is Kind.LOST:
            return call.error(interference.error, interference.status, _MESSAGE)
        return call_application(self._application, {**environ, "wsgi.input": io.BytesIO(body)})
