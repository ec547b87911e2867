"""The structured log and the metrics of an agent's invocations."""

from __future__ import annotations

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from stepweave.runtime.context import TaskContext
from stepweave.runtime.settings import metrics_namespace


class Telemetry:
    """What an agent tells CloudWatch of its invocations.

    Every line of the log bears the execution's ARN as its correlation id, and the task's id. Modules of an agent
    log with ``logging.getLogger(__name__)`` and get the same.

    Parameters
    ----------
    agent : str
        The agent's name: the service in logs, the dimension of metrics.
    module : str
        The handler's module. What is logged in its top-level package, which agents share, gets the same fields.
    """

    def __init__(self, agent: str, module: str) -> None:
        self._package = module.partition(".")[0]
        self.logger = Logger(service=agent)
        # Not `Metrics`, whose instances share one set: several agents may live in one process under test.
        self.metrics = EphemeralMetrics(namespace=metrics_namespace(), service=agent)

    def begin(self) -> None:
        """Count an invocation and forget what was known of the one before."""
        loggers = logging.getLogger(self._package)
        loggers.handlers[:] = [self.logger.registered_handler]
        if loggers.level != self.logger.log_level:  # each setting of it makes every logger look up its own again
            loggers.setLevel(self.logger.log_level)
        loggers.propagate = False
        self.metrics.add_metric(name="Invocations", unit=MetricUnit.Count, value=1)

    def identify(self, context: TaskContext) -> None:
        """Say in every line from now on which task is run."""
        self.logger.append_keys(correlation_id=context.execution, task=context.task)
        self.metrics.add_metadata(key="execution", value=context.execution)
        self.metrics.add_metadata(key="task", value=context.task)

    def succeeded(self, seconds: float, *, replayed: bool) -> None:
        """Record that the task has a result, computed now or by an earlier attempt."""
        self._duration(seconds)
        if replayed:
            self.metrics.add_metric(name="Replays", unit=MetricUnit.Count, value=1)
        self.logger.info("task succeeded", duration_ms=round(seconds * 1000, 1), replayed=replayed)

    def overlapped(self, seconds: float) -> None:
        """Record that an earlier attempt was under way, so that this one did nothing."""
        self._duration(seconds)
        self.metrics.add_metric(name="Overlaps", unit=MetricUnit.Count, value=1)
        self.logger.warning("an earlier attempt was under way")

    def failed(self, seconds: float, error: Exception) -> None:
        """Record that the attempt failed."""
        self._duration(seconds)
        self.metrics.add_metric(name="Failures", unit=MetricUnit.Count, value=1)
        self.metrics.add_metadata(key="error", value=type(error).__name__)
        self.logger.error("task failed", duration_ms=round(seconds * 1000, 1), exc_info=error)

    def _duration(self, seconds: float) -> None:
        self.metrics.add_metric(name="Duration", unit=MetricUnit.Milliseconds, value=seconds * 1000)
