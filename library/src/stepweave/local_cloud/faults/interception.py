"""Between a call of a Lambda function and the worker process that would serve it."""

from __future__ import annotations

import json
import tempfile
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from pydantic import JsonValue

from stepweave.local_cloud.clock.primitives import ClockExecutor
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.faults.function_fault import (
    Crashes,
    CrashPoint,
    Fails,
    FunctionFault,
    Refused,
    Repeats,
    Returns,
    TimesOut,
)
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import FAILURE_ERRORS, THROTTLING_ERRORS
from stepweave.local_cloud.faults.tasks import ORDER, Tasks
from stepweave.local_cloud.lambda_runtime import function_errors
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.host import Execute
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult


class FunctionInterceptor:
    """Makes the faults of a plan happen to calls of functions.

    A task's failures and results take the place of its own code inside its worker process, so that all around it is
    as always. For an event that is of no task the call is answered in the function's place.

    Parameters
    ----------
    plan : FaultPlan
        What happens to which calls.
    clock : VirtualClock
        What is waited by.
    tasks : Tasks | None
        How to tell an event's task, and have its worker obey.
    """

    def __init__(self, plan: FaultPlan, clock: VirtualClock, tasks: Tasks | None) -> None:
        self._plan = plan
        self._clock = clock
        self._tasks = tasks

    def __call__(self, spec: FunctionSpec, payload: bytes, execute: Execute) -> InvocationResult:
        """Make a call, or what the plan has for it."""
        with self._clock.running():
            task = None if self._tasks is None else self._tasks.task_of(payload)
            delay, fault = self._plan.take(spec.name, task)
            if delay > 0:
                self._clock.sleep(min(delay, spec.timeout_seconds))
                if delay >= spec.timeout_seconds:
                    return _timed_out(spec)
            return self._happen(fault, spec, execute, is_task=task is not None)

    def _happen(
        self, fault: FunctionFault | None, spec: FunctionSpec, execute: Execute, *, is_task: bool
    ) -> InvocationResult:
        match fault:
            case Crashes(when) if when in set(CrashPoint):
                return execute(crash=CrashPoint(when))
            case Crashes(when):
                return _ordered(execute, {"die": when})
            case Refused(reason):
                error, status = (THROTTLING_ERRORS if reason == "throttled" else FAILURE_ERRORS)["lambda"]
                raise InvocationRefused(error, "The fault plan of the test chose this call.", status)
            case TimesOut():
                return _timed_out(spec)
            case Repeats():
                return self._repeat(execute)
            case Fails() | Returns():
                return _ordered(execute, _order(fault)) if is_task else _in_place(spec, fault)
            case _:
                return execute()

    def _repeat(self, execute: Execute) -> InvocationResult:
        with ClockExecutor(self._clock, 2, thread_name_prefix="repeated") as pool:
            calls: list[Future[InvocationResult]] = [pool.submit(execute), pool.submit(execute)]
            done, _ = wait(calls, return_when=FIRST_COMPLETED)
            return next(iter(done)).result()


def _in_place(spec: FunctionSpec, fault: Fails | Returns) -> InvocationResult:
    """Answer in place of a function."""
    if isinstance(fault, Fails):
        return _result(spec, function_errors.error_payload(fault.error, fault.message), failed=True)
    return _result(spec, json.dumps(fault.value).encode(), failed=False)


def _order(fault: Fails | Returns) -> dict[str, JsonValue]:
    """Write down what a task is to do in its worker process."""
    if isinstance(fault, Fails):
        return {"raise": {"error": fault.error, "message": fault.message}}
    return {"return": fault.value}


def _ordered(execute: Execute, order: dict[str, JsonValue]) -> InvocationResult:
    """Make a call with an order for the worker; it is a file, for a client context holds little."""
    with tempfile.TemporaryDirectory(prefix="stepweave-fault-") as folder:
        file = Path(folder, "order.json")
        file.write_text(json.dumps(order), encoding="utf-8")
        return execute(client_context=json.dumps({"custom": {ORDER: str(file)}}))


def _timed_out(spec: FunctionSpec) -> InvocationResult:
    return _result(spec, function_errors.timed_out(str(uuid.uuid4()), spec.timeout_seconds), failed=True)


def _result(spec: FunctionSpec, payload: bytes, *, failed: bool) -> InvocationResult:
    return InvocationResult(str(uuid.uuid4()), payload, "Unhandled" if failed else None, spec.version, 0.0)
