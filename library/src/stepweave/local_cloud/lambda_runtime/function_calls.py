"""What a call of a function does, from the place that it takes to the trace that it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable

from stepweave.local_cloud.faults.function_fault import CrashPoint
from stepweave.local_cloud.lambda_runtime import function_errors, platform_log
from stepweave.local_cloud.lambda_runtime.caller import Steps
from stepweave.local_cloud.lambda_runtime.concurrency import Concurrency
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import Call, InvocationResult
from stepweave.local_cloud.lambda_runtime.invocation_trace import InvocationTrace
from stepweave.local_cloud.lambda_runtime.log_batch import LogEvent, new_log_stream, now_event
from stepweave.local_cloud.lambda_runtime.log_shipper import LogShipper
from stepweave.local_cloud.lambda_runtime.runtime_api import RuntimeEvent
from stepweave.local_cloud.lambda_runtime.worker import InitFailedError, Outcome, Worker, WorkerGoneError
from stepweave.local_cloud.lambda_runtime.worker_pool import WorkerPool
from stepweave.local_cloud.xray.segment import Segment


class FunctionCalls:
    """Makes calls. Thread-safe.

    Parameters
    ----------
    pool : WorkerPool
        The workers.
    logs : LogShipper
        Takes what is logged.
    record_segment : callable
        Takes the segments that Lambda itself records of sampled calls.
    """

    def __init__(self, pool: WorkerPool, logs: LogShipper, record_segment: Callable[[Segment], None]) -> None:
        self._pool = pool
        self._logs = logs
        self._record_segment = record_segment
        self._concurrency = Concurrency()

    def steps(self, spec: FunctionSpec, call: Call, crash: CrashPoint | None = None) -> Steps[InvocationResult]:
        """Make a call, with the worker killed at `crash`. Raises as `FunctionHost.invoke`."""
        trace, start = InvocationTrace.begin(spec, call.trace_header), time.time()
        with self._concurrency.slot(spec):
            try:
                worker, outcome = yield from self._deliver(spec, call, trace.header, crash)
            except InitFailedError as failure:
                outcome = _init_failure(spec, call.request_id, trace.header, failure)
                stream = new_log_stream(spec.version)
            else:
                stream = worker.log_stream
                self._pool.release(worker)
        self._logs.put(spec, stream, outcome.log)
        if trace.is_sampled:
            self._record_trace(trace, spec, call.request_id, start, outcome)
        return InvocationResult(
            request_id=call.request_id,
            payload=outcome.payload,
            function_error="Unhandled" if outcome.failed else None,
            executed_version=spec.version,
            duration_ms=outcome.duration_ms,
            events=tuple(outcome.log),
        )

    def _deliver(
        self, spec: FunctionSpec, call: Call, trace_header: str, crash: CrashPoint | None
    ) -> Steps[tuple[Worker, Outcome]]:
        while True:
            worker = yield from self._pool.acquire(spec)
            event = RuntimeEvent(
                request_id=call.request_id,
                payload=call.payload or b"{}",
                deadline_ms=int((time.time() + spec.timeout_seconds) * 1000),
                function_arn=spec.qualified_arn,
                trace_header=trace_header,
                client_context=call.client_context,
            )
            try:
                outcome = yield from worker.invoke(event, crash)
            except WorkerGoneError:
                self._pool.release(worker)
            except BaseException:
                worker.stop()
                self._pool.release(worker)
                raise
            else:
                return worker, outcome

    def _record_trace(
        self, trace: InvocationTrace, spec: FunctionSpec, request_id: str, start: float, outcome: Outcome
    ) -> None:
        segments = trace.segments(
            spec,
            request_id,
            start=start,
            end=time.time(),
            duration_ms=outcome.duration_ms,
            init_ms=outcome.init_ms,
            error_type=(function_errors.error_type(outcome.payload) or "Error") if outcome.failed else "",
        )
        for segment in segments:
            self._record_segment(segment)


def _init_failure(spec: FunctionSpec, request_id: str, trace_header: str, failure: InitFailedError) -> Outcome:
    if failure.payload:
        payload = function_errors.with_request_id(failure.payload, request_id)
    else:
        payload = function_errors.exit_error(request_id, failure.return_code)
    report = platform_log.Report(request_id, trace_header, 0.0, None, 0, "error", function_errors.error_type(payload))
    lines: list[LogEvent] = [*failure.log, now_event(platform_log.start(spec, request_id))]
    lines += [now_event(line) for line in platform_log.end(spec, report)]
    return Outcome(payload, failed=True, duration_ms=0.0, log=lines)
