"""Step Functions measures executions: the namespace ``AWS/States``.

Upstream defect: it measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.store import MetricStore

NAMESPACE: Final = "AWS/States"
_ENDS: Final = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


@contextmanager
def execution_metrics(store_of: Callable[[str], MetricStore]) -> Iterator[None]:
    """Measure executions until the context ends.

    Parameters
    ----------
    store_of
        Gives where the measurements of a region go.
    """
    upstream_start, upstream_terminated = Execution.start, BaseExecutionWorkerCommunication.terminated

    def start(self: Any) -> None:
        _record(store_of, self, {"ExecutionsStarted": 1.0})
        upstream_start(self)

    def terminated(self: Any) -> None:
        upstream_terminated(self)
        execution = self.execution
        ended = _ENDS.get(str(execution.status))
        if ended is not None:
            took = (execution.stop_date - execution.start_date).total_seconds() * 1000
            _record(store_of, execution, {ended: 1.0, "ExecutionTime": took})

    with (
        replaced(Execution, "start", start),
        replaced(BaseExecutionWorkerCommunication, "terminated", terminated),
    ):
        yield


def _record(store_of: Callable[[str], MetricStore], execution: Any, values: dict[str, float]) -> None:
    at = engine_time.now().timestamp()
    dimensions = [("StateMachineArn", str(execution.state_machine.arn))]
    store_of(execution.region_name).record(
        Datum.of_value(
            Metric.of(NAMESPACE, name, dimensions), at, value, "Milliseconds" if name == "ExecutionTime" else "Count"
        )
        for name, value in values.items()
    )
