"""Each execution is one trace, with all the functions and nested executions that its tasks call.

Upstream defect: executions record nothing, and hand no trace to the functions that they call, so that each call of a
function is a trace of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any
from weakref import WeakValueDictionary

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_activitiy import StateTaskActivity
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.xray.execution_trace import ExecutionTrace, TracedExecution, current_trace_header
from stepweave.local_cloud.xray.segment import Segment
from stepweave.local_cloud.xray.trace_header import TraceHeader


@contextmanager
def execution_traces(record: Callable[[Segment], None]) -> Iterator[None]:
    """Record executions.

    Parameters
    ----------
    record
        Takes segments.
    """
    upstream_start, upstream_terminated = Execution.start, BaseExecutionWorkerCommunication.terminated
    # Each is held by its execution, and known for as long.
    traces: WeakValueDictionary[str, ExecutionTrace] = WeakValueDictionary()

    def start(self: Any) -> None:
        trace = _trace_of(self, record)
        if trace is not None:
            self.trace = traces[self.exec_arn] = trace
            trace.begin()
        upstream_start(self)

    def terminated(self: Any) -> None:
        upstream_terminated(self)
        trace = traces.get(self.execution.exec_arn)
        if trace is not None:
            status = str(self.execution.status)
            error = None if status == "SUCCEEDED" else self.execution.error or status
            trace.end(error, self.execution.cause)

    def traced(upstream: Callable[..., None]) -> Callable[..., None]:
        def eval_execution(self: Any, env: Any) -> None:
            # By the context object, the tasks of a distributed Map state belong to its child executions.
            trace = traces.get(env.attempt.execution_arn)
            with nullcontext() if trace is None else trace.task(self.name, self.resource.resource_arn):
                upstream(self, env)

        return eval_execution

    with ExitStack() as patches:
        patches.enter_context(replaced(Execution, "start", start))
        patches.enter_context(replaced(BaseExecutionWorkerCommunication, "terminated", terminated))
        for task in (StateTaskLambda, StateTaskService, StateTaskActivity):
            method = traced(task._eval_execution)  # noqa: SLF001 - the seam that upstream has
            patches.enter_context(replaced(task, "_eval_execution", method))
        yield


def _trace_of(execution: Any, record: Callable[[Segment], None]) -> ExecutionTrace | None:
    """The trace that an execution begins or joins; None if it has none."""
    incoming = TraceHeader.parse(execution.trace_header) or current_trace_header()
    machine = execution.state_machine
    is_recorded = bool((machine.tracingConfiguration or {}).get("enabled"))
    if incoming is None and not is_recorded:
        return None
    about = TracedExecution(execution.exec_arn, machine.arn, machine.name, execution.account_id)
    return ExecutionTrace(about, incoming, is_recorded=is_recorded, record=record, now=time.time)
