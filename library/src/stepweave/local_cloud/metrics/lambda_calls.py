"""What Lambda measures of calls: the namespace ``AWS/Lambda``."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from stepweave.local_cloud.lambda_runtime.caller import Steps
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.store import MetricStore

NAMESPACE = "AWS/Lambda"
_COUNT = "Count"


class CallMetrics:
    """Measures calls of functions.

    Parameters
    ----------
    store_of
        Gives where the measurements of a region go.
    now
        Tells the time, in seconds since the epoch.
    """

    def __init__(self, store_of: Callable[[str], MetricStore], now: Callable[[], float]) -> None:
        self._store_of = store_of
        self._now = now
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()

    def steps(self, spec: FunctionSpec, steps: Steps[InvocationResult]) -> Steps[InvocationResult]:
        """Make a call, and measure it."""
        at = self._begin(spec)
        try:
            result = yield from steps
        except InvocationRefused as refused:
            self._refused(spec, at, refused)
            raise
        finally:
            self._end(spec)
        self._called(spec, at, result)
        return result

    def _begin(self, spec: FunctionSpec) -> float:
        at = self._now()
        with self._lock:
            self._running[spec.arn] += 1
            running = self._running[spec.arn]
        self._record(spec, at, {"ConcurrentExecutions": running})
        return at

    def _end(self, spec: FunctionSpec) -> None:
        with self._lock:
            self._running[spec.arn] -= 1

    def _called(self, spec: FunctionSpec, at: float, result: InvocationResult) -> None:
        has_failed = float(result.function_error is not None)
        measured = {"Invocations": 1.0, "Errors": has_failed, "Throttles": 0.0, "Duration": result.duration_ms}
        self._record(spec, at, measured)

    def _refused(self, spec: FunctionSpec, at: float, refused: InvocationRefused) -> None:
        if refused.status == 429:
            self._record(spec, at, {"Throttles": 1.0})

    def _record(self, spec: FunctionSpec, at: float, values: dict[str, float]) -> None:
        function = ("FunctionName", spec.name)
        resource = f"{spec.name}:{spec.alias or spec.version}" if spec.alias or spec.version != "$LATEST" else spec.name
        self._store_of(spec.arn.split(":")[3]).record(
            Datum.of_value(
                Metric.of(NAMESPACE, name, dimensions), at, value, "Milliseconds" if name == "Duration" else _COUNT
            )
            for name, value in values.items()
            for dimensions in ((), (function,), (function, ("Resource", resource)))
        )
