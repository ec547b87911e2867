"""Moto with its adapters, each installed when its service is first used.

Importing all of moto takes seconds and 200 MB; a local cloud that waits for a deployment needs none of it yet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

from flask import Flask
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app

from scripts.local_cloud.adapters.quiet_logs import quiet_logs
from scripts.local_cloud.server import WsgiApplication

if TYPE_CHECKING:
    from scripts.local_cloud.lambda_runtime.host import FunctionHost
    from scripts.local_cloud.lambda_runtime.moto_backend import MotoLambda


class AdaptedMoto:
    """All services of moto as one WSGI application, with the adapters of those that were used.

    Parameters
    ----------
    endpoint_url
        Where the application is served, for whoever is outside this process.
    start_host
        Starts what runs Lambda functions; called when the first service that needs it is used.
    """

    def __init__(self, endpoint_url: str, start_host: Callable[[], FunctionHost]) -> None:
        self._endpoint_url = endpoint_url
        self._start_host = start_host
        self._adapters = ExitStack()
        self._adapters.callback(_forget_all_state)
        self._adapters.enter_context(quiet_logs())
        self._prepared: set[str] = set()
        self._lock = threading.RLock()
        self._functions: MotoLambda | None = None
        self._prepare: Final[dict[str, Callable[[], None]]] = {
            "awslambda": self._prepare_lambda,
            "stepfunctions": self._prepare_step_functions,
            "cloudformation": self._prepare_cloudformation,
            "s3": self._prepare_s3,
        }
        self.application = cast("WsgiApplication", DomainDispatcherApplication(self._create_service))

    def prepare(self, service: str) -> None:
        """Install the adapters of a service (named as moto's module), unless that was done before."""
        with self._lock:
            if service not in self._prepared and service in self._prepare:
                self._prepared.add(service)
                self._prepare[service]()

    def close(self) -> None:
        """Stop what runs functions, put moto back as it was and forget all state."""
        self._adapters.close()

    def _create_service(self, service: str) -> Flask:
        self.prepare(service)
        return cast("Flask", create_backend_app(service))

    # The imports below are what takes so long: that is why they wait until here.

    def _prepare_lambda(self) -> None:
        from scripts.local_cloud.lambda_runtime import moto_backend  # noqa: PLC0415

        host = self._adapters.enter_context(self._start_host())
        self._functions = self._adapters.enter_context(moto_backend.install(host))

    def _prepare_step_functions(self) -> None:
        from scripts.local_cloud.adapters.step_functions import step_functions_adapters  # noqa: PLC0415

        self.prepare("awslambda")
        if self._functions is None:
            raise AssertionError("Lambda is prepared before Step Functions")
        for adapter in step_functions_adapters(self.application, self._endpoint_url, self._functions):
            self._adapters.enter_context(adapter)

    def _prepare_cloudformation(self) -> None:
        from scripts.local_cloud.adapters.cloudformation import cloudformation_adapters  # noqa: PLC0415

        self.prepare("stepfunctions")
        self.prepare("s3")
        for adapter in cloudformation_adapters(self._endpoint_url):
            self._adapters.enter_context(adapter)

    def _prepare_s3(self) -> None:
        from scripts.local_cloud.adapters.bucket_policy_conditions import bucket_policy_conditions  # noqa: PLC0415

        self._adapters.enter_context(bucket_policy_conditions())


def _forget_all_state() -> None:
    BackendDict.reset()
    reset_model_data()
