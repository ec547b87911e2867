"""Moto with its adapters, each installed when its service is first used.

Importing all of moto takes seconds and 200 MB; a local cloud that waits for a deployment needs none of it yet.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from botocore.client import BaseClient
from flask import Flask
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import create_backend_app

from stepweave.local_cloud.account import REGION
from stepweave.local_cloud.adapters.dynamodb.calls import direct_dynamodb_calls
from stepweave.local_cloud.adapters.paged_lists import paged_lists
from stepweave.local_cloud.adapters.quick_backends import quick_backends
from stepweave.local_cloud.adapters.quick_dispatch import QuickDispatcher
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.adapters.step_functions.quiet_logs import quiet_logs
from stepweave.local_cloud.adapters.untracked_instances import untracked_instances
from stepweave.local_cloud.metrics.store import MetricStore
from stepweave.local_cloud.permissions.authority import Authority, Mode, enforced
from stepweave.local_cloud.permissions.guard import PermissionGuard
from stepweave.local_cloud.permissions.replay import LOG_VARIABLE, statement_uses, write_uses
from stepweave.local_cloud.server import WsgiApplication

if TYPE_CHECKING:
    from stepweave.local_cloud.adapters.iam.stored_policies import MotoPolicies
    from stepweave.local_cloud.adapters.sqs.messages import QueueListeners
    from stepweave.local_cloud.controls import Controls
    from stepweave.local_cloud.lambda_runtime.host import FunctionHost, Observe
    from stepweave.local_cloud.lambda_runtime.moto_backend import MotoLambda
    from stepweave.local_cloud.xray.service import XRayService

_PAUSE_SECONDS: Final = 0.001
_LARGE_MODULES: Final = (
    "moto.iam.models",
    "moto.s3.models",
    "moto.sqs.models",
    "moto.awslambda.models",
    "moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer",
    "moto.stepfunctions.parser.asl.antlr.runtime.ASLParser",
    "moto.stepfunctions.parser.asl.parse.asl_parser",
    "moto.apigateway.models",
    "moto.autoscaling.models",
    "moto.elbv2.models",
    "moto.iot.models",
    "moto.rds.models",
    "moto.sagemaker.models",
    "moto.cloudformation.parsing",
)
"""Of what a deployment imports, the modules that take longest, those that they need first."""


class AdaptedMoto:
    """All services of moto as one WSGI application, with the adapters of those that were used.

    Parameters
    ----------
    endpoint_url
        Where the application is served, for whoever is outside this process.
    start_host
        Starts what runs Lambda functions; called when the first service that needs it is used.
    controls
        What a test controls.
    permissions
        What happens to what no policy allows.
    """

    def __init__(
        self,
        endpoint_url: str,
        start_host: Callable[[XRayService, Observe], FunctionHost],
        controls: Controls | None = None,
        permissions: Mode = Mode.ENFORCE,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._start_host = start_host
        self._controls = controls
        self._host: FunctionHost | None = None
        self._adapters = ExitStack()
        self._adapters.callback(gc.unfreeze)
        self._adapters.callback(_forget_all_state)
        self._adapters.enter_context(quiet_logs())
        self._adapters.enter_context(quick_backends())
        self._adapters.enter_context(untracked_instances())
        self._decisions = os.environ.get(LOG_VARIABLE)
        self.authority: Final = Authority(_stored_policies, permissions, keeps_decisions=bool(self._decisions))
        self._adapters.enter_context(enforced(self.authority))
        self._prepared: set[str] = set()
        self._lock = threading.RLock()
        self._interruptions: list[Callable[[], object]] = [] if controls is None else [controls.interrupt]
        self._functions: MotoLambda | None = None
        self._queue_listeners: QueueListeners | None = None
        self._xray: XRayService | None = None
        self._metrics: Final = defaultdict[str, MetricStore](MetricStore)
        self._sample_queues: Callable[[], None] = lambda: None
        self._prepare: Final[dict[str, Callable[[], None]]] = {
            "awslambda": self._prepare_lambda,
            "cloudwatch": self._prepare_cloudwatch,
            "logs": self._prepare_logs,
            "events": self._prepare_events,
            "stepfunctions": self._prepare_step_functions,
            "cloudformation": self._prepare_cloudformation,
            "dynamodb": self._prepare_dynamodb,
            "pipes": self._prepare_pipes,
            "s3": self._prepare_s3,
            "secretsmanager": self._prepare_secrets_manager,
            "scheduler": self._prepare_scheduler,
            "sns": self._prepare_sns,
            "sqs": self._prepare_sqs,
            "sts": self._prepare_sts,
            "xray": self._prepare_xray,
        }
        services = cast("WsgiApplication", QuickDispatcher(self._create_service))
        direct = direct_dynamodb_calls(services, lambda: self.prepare("dynamodb"))
        answered = PermissionGuard(refused_operations(paged_lists(direct)), self.authority)
        self.application = answered if controls is None else controls.front(answered)
        self._clients = InProcessClients(self.application, endpoint_url)

    def prepare(self, service: str) -> None:
        """Install the adapters of a service (named as moto's module), unless that was done before."""
        with self._lock:
            if service not in self._prepared and service in self._prepare:
                self._prepared.add(service)
                self._prepare[service]()
                # What is loaded stays: the collector need not look at a million objects again and again.
                gc.freeze()

    def prepare_all(self) -> None:
        """Install the adapters of all services."""
        for service in self._prepare:
            self.prepare(service)

    def preload(self, is_cancelled: Callable[[], bool]) -> None:
        """Import what a deployment needs, and install its adapters.

        That takes seconds. It is done piece by piece, so that neither a request that comes meanwhile nor whoever
        cancels it has to wait for all of it.
        """
        from stepweave.local_cloud.adapters.ec2.lazy_lists import import_ec2_lazily  # noqa: PLC0415

        pieces: list[Callable[[], object]] = [import_ec2_lazily]
        pieces += [partial(import_module, name) for name in _LARGE_MODULES]
        pieces += [partial(self.prepare, service) for service in ("awslambda", "stepfunctions", "cloudformation")]
        for piece in pieces:
            if is_cancelled():
                return
            with self._lock:
                piece()
            time.sleep(_PAUSE_SECONDS)  # whoever waits for the lock has it next

    def client(self, service: str) -> BaseClient:
        """Return a client of a service whose calls need no socket, always the same one."""
        return self._clients.client(REGION, service)

    def renew_workers(self) -> None:
        """End the worker processes of functions as they come free."""
        if self._host is not None:
            self._host.retire_all()

    def interrupt(self) -> None:
        """Begin nothing more of oneself, and end what requests and executions wait for: whoever waits is answered."""
        with self._lock:
            interruptions, self._interruptions = self._interruptions, []
        for interruption in interruptions:
            interruption()
        if self._host is not None:
            self._host.shutdown()

    def close(self) -> None:
        """Stop what runs functions, put moto back as it was and forget all state.

        Returns when all threads and processes have ended.
        """
        self.interrupt()
        if self._decisions:
            roles = self.authority.stored.roles()
            write_uses(statement_uses(self.authority.decided, roles), Path(self._decisions))
        self._adapters.close()

    def _create_service(self, service: str | None) -> Flask:
        if service is None:
            raise NotImplementedError("moto has no such service")
        self.prepare(service)
        application = cast("Flask", create_backend_app(service))
        # Upstream's debug mode makes a class for each request, and with it a cycle that keeps the request's body until
        # the collector looks at everything. Without it, Flask would answer errors itself.
        application.debug, application.config["PROPAGATE_EXCEPTIONS"] = False, True
        return application

    # The imports below are what takes so long: that is why they wait until here.

    def _prepare_lambda(self) -> None:
        from stepweave.local_cloud.adapters.function_urls.url_configs import function_urls  # noqa: PLC0415
        from stepweave.local_cloud.adapters.iam.function_policies import function_policies  # noqa: PLC0415
        from stepweave.local_cloud.adapters.iam.passed_roles import roles_of_functions  # noqa: PLC0415
        from stepweave.local_cloud.adapters.sqs.event_source_mappings import queue_mappings  # noqa: PLC0415
        from stepweave.local_cloud.lambda_runtime import moto_backend  # noqa: PLC0415
        from stepweave.local_cloud.metrics.lambda_calls import CallMetrics  # noqa: PLC0415

        for service in ("logs", "sqs", "xray"):
            self.prepare(service)
        if self._queue_listeners is None or self._xray is None:
            raise AssertionError("SQS and X-Ray are prepared before Lambda")
        if self._controls is not None:
            self._adapters.enter_context(self._controls.functions())
        calls = CallMetrics(self._metrics.__getitem__, lambda: engine_time.now().timestamp())
        host = self._host = self._adapters.enter_context(self._start_host(self._xray, calls.steps))
        self._functions = self._adapters.enter_context(moto_backend.install(host))
        self._adapters.enter_context(roles_of_functions())
        self._adapters.enter_context(function_policies())
        stop_mappings = self._adapters.enter_context(
            queue_mappings(self._queue_listeners, self._functions.invoke_function)
        )
        urls = self._adapters.enter_context(function_urls(self._functions.invoke_function))
        self._interruptions += [stop_mappings, urls.close]

    def _prepare_cloudwatch(self) -> None:
        from stepweave.local_cloud.adapters.cloudwatch.alarms import evaluated_alarms  # noqa: PLC0415
        from stepweave.local_cloud.adapters.cloudwatch.metric_api import metric_api  # noqa: PLC0415

        if self._controls is not None:
            self._adapters.enter_context(self._controls.events())
        stores = self._metrics.__getitem__

        def sample() -> None:
            self._sample_queues()  # whichever it is by then

        self._adapters.enter_context(metric_api(stores, sample))
        alarms = self._adapters.enter_context(evaluated_alarms(stores, sample, self._clients))
        self._interruptions.append(alarms.stop)

    def _prepare_logs(self) -> None:
        from stepweave.local_cloud.adapters.cloudwatch.log_metrics import log_metrics  # noqa: PLC0415
        from stepweave.local_cloud.adapters.logs.filed_events import filed_log_events  # noqa: PLC0415

        self._adapters.enter_context(filed_log_events())
        self._adapters.enter_context(log_metrics(self._metrics.__getitem__))

    def _prepare_events(self) -> None:
        from stepweave.local_cloud.adapters.events.entries import event_entries  # noqa: PLC0415
        from stepweave.local_cloud.adapters.events.patterns import event_patterns  # noqa: PLC0415
        from stepweave.local_cloud.adapters.events.rules import event_rules  # noqa: PLC0415
        from stepweave.local_cloud.adapters.events.schedules import event_schedules  # noqa: PLC0415
        from stepweave.local_cloud.adapters.iam.passed_roles import roles_of_targets  # noqa: PLC0415

        if self._controls is not None:
            self._adapters.enter_context(self._controls.events())
        router = self._adapters.enter_context(event_rules(self._clients))
        self._interruptions.append(router.stop)
        self._adapters.enter_context(event_schedules(router))
        self._adapters.enter_context(event_entries())
        self._adapters.enter_context(event_patterns())
        self._adapters.enter_context(roles_of_targets())

    def _prepare_pipes(self) -> None:
        from stepweave.local_cloud.adapters.pipes.queue_pipes import queue_pipes  # noqa: PLC0415

        self.prepare("sqs")
        if self._queue_listeners is None:
            raise AssertionError("SQS is prepared before Pipes")
        if self._controls is not None:
            self._adapters.enter_context(self._controls.functions())
        pipes = self._adapters.enter_context(queue_pipes(self._queue_listeners, self._clients))
        self._interruptions.append(pipes.close)

    def _prepare_scheduler(self) -> None:
        from stepweave.local_cloud.adapters.scheduler.schedules import invoked_schedules  # noqa: PLC0415

        if self._controls is not None:
            self._adapters.enter_context(self._controls.events())
        schedules = self._adapters.enter_context(invoked_schedules(self._clients))
        self._interruptions.append(schedules.stop)

    def _prepare_step_functions(self) -> None:
        from stepweave.local_cloud.adapters.ec2.lazy_lists import import_ec2_lazily  # noqa: PLC0415
        from stepweave.local_cloud.adapters.iam.passed_roles import roles_of_state_machines  # noqa: PLC0415

        import_ec2_lazily()
        from stepweave.local_cloud.adapters.cloudwatch.execution_metrics import execution_metrics  # noqa: PLC0415
        from stepweave.local_cloud.adapters.step_functions.activities import end_polls  # noqa: PLC0415
        from stepweave.local_cloud.adapters.step_functions.adapters import step_functions_adapters  # noqa: PLC0415
        from stepweave.local_cloud.adapters.step_functions.attempt_programs import abort_all  # noqa: PLC0415
        from stepweave.local_cloud.adapters.step_functions.execution_logs import settle_execution_logs  # noqa: PLC0415
        from stepweave.local_cloud.adapters.step_functions.execution_traces import execution_traces  # noqa: PLC0415

        self.prepare("awslambda")
        self.prepare("events")
        self._adapters.callback(settle_execution_logs)
        if self._functions is None:
            raise AssertionError("Lambda is prepared before Step Functions")
        for adapter in step_functions_adapters(self.application, self._endpoint_url, self._functions):
            self._adapters.enter_context(adapter)
        self._adapters.enter_context(execution_metrics(self._metrics.__getitem__))
        self._adapters.enter_context(roles_of_state_machines())
        if self._xray is not None:
            self._adapters.enter_context(execution_traces(self._xray.record))
        if self._controls is not None:
            self._adapters.enter_context(self._controls.engine())
        # First, while all adapters are there.
        self._adapters.callback(engine_time.end_threads)
        self._adapters.callback(abort_all)
        self._interruptions += [abort_all, end_polls]

    def _prepare_cloudformation(self) -> None:
        from stepweave.local_cloud.adapters.cloudformation.adapters import cloudformation_adapters  # noqa: PLC0415

        for service in ("stepfunctions", "s3", "sns", "scheduler", "pipes", "cloudwatch"):
            self.prepare(service)
        for adapter in cloudformation_adapters(self._endpoint_url, self._clients):
            self._adapters.enter_context(adapter)

    def _prepare_dynamodb(self) -> None:
        from stepweave.local_cloud.adapters.dynamodb.expressions import quick_dynamodb_expressions  # noqa: PLC0415
        from stepweave.local_cloud.adapters.dynamodb.filed_items import filed_items  # noqa: PLC0415
        from stepweave.local_cloud.adapters.dynamodb.partiql import refused_partiql  # noqa: PLC0415
        from stepweave.local_cloud.adapters.dynamodb.sets import dynamodb_sets  # noqa: PLC0415
        from stepweave.local_cloud.adapters.dynamodb.sizes import missing_sizes  # noqa: PLC0415
        from stepweave.local_cloud.adapters.dynamodb.table_names import table_names  # noqa: PLC0415

        self._adapters.enter_context(quick_dynamodb_expressions())
        self._adapters.enter_context(dynamodb_sets())
        self._adapters.enter_context(missing_sizes())
        self._adapters.enter_context(refused_partiql())
        self._adapters.enter_context(table_names())
        self._adapters.enter_context(filed_items())

    def _prepare_sts(self) -> None:
        from stepweave.local_cloud.adapters.iam.sessions import role_sessions  # noqa: PLC0415

        self._adapters.enter_context(role_sessions())

    def _prepare_s3(self) -> None:
        from stepweave.local_cloud.adapters.s3.bucket_policies import bucket_policies  # noqa: PLC0415
        from stepweave.local_cloud.adapters.s3.filed_bodies import filed_bodies  # noqa: PLC0415
        from stepweave.local_cloud.adapters.s3.form_uploads import form_uploads  # noqa: PLC0415
        from stepweave.local_cloud.adapters.s3.object_headers import object_headers  # noqa: PLC0415
        from stepweave.local_cloud.adapters.s3.request_checks import s3_request_checks  # noqa: PLC0415
        from stepweave.local_cloud.adapters.s3.subresources import s3_subresources  # noqa: PLC0415

        self._adapters.enter_context(s3_subresources())
        self._adapters.enter_context(s3_request_checks())
        self._adapters.enter_context(bucket_policies())
        self._adapters.enter_context(form_uploads())
        self._adapters.enter_context(object_headers())
        self._adapters.enter_context(filed_bodies())

    def _prepare_secrets_manager(self) -> None:
        from stepweave.local_cloud.adapters.secretsmanager.secret_names import secret_names  # noqa: PLC0415

        self._adapters.enter_context(secret_names())

    def _prepare_xray(self) -> None:
        from stepweave.local_cloud.adapters.xray.api import xray_api  # noqa: PLC0415
        from stepweave.local_cloud.xray.service import XRayService  # noqa: PLC0415

        self._xray = self._adapters.enter_context(XRayService())
        self._adapters.enter_context(xray_api(self._xray.store))

    def _prepare_sns(self) -> None:
        from stepweave.local_cloud.adapters.sns.topics import topic_deliveries  # noqa: PLC0415

        if self._controls is not None:
            self._adapters.enter_context(self._controls.events())
        publisher = self._adapters.enter_context(topic_deliveries(self._clients))
        self._interruptions.append(publisher.stop)

    def _prepare_sqs(self) -> None:
        from stepweave.local_cloud.adapters.cloudwatch.queue_metrics import queue_metrics  # noqa: PLC0415
        from stepweave.local_cloud.adapters.sqs.checks import queue_checks  # noqa: PLC0415
        from stepweave.local_cloud.adapters.sqs.message_moves import queue_moves  # noqa: PLC0415
        from stepweave.local_cloud.adapters.sqs.messages import queue_messages  # noqa: PLC0415

        if self._controls is not None:
            self._adapters.enter_context(self._controls.queues())
        self._queue_listeners = self._adapters.enter_context(queue_messages())
        self._adapters.enter_context(queue_moves(self._queue_listeners.messages_lock))
        self._adapters.enter_context(queue_checks())
        self._sample_queues = self._adapters.enter_context(queue_metrics(self._metrics.__getitem__))
        self._interruptions.append(self._queue_listeners.close)


def _stored_policies() -> MotoPolicies:
    from stepweave.local_cloud.adapters.iam.stored_policies import MotoPolicies  # noqa: PLC0415

    return MotoPolicies()


def _forget_all_state() -> None:
    BackendDict.reset()
    reset_model_data()
