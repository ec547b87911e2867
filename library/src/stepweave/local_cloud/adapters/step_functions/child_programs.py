"""Each iteration of a distributed Map state is an execution of its own.

Upstream defects: a child execution is neither in the context object nor in the API an execution, has no history, is
never one of Express, and what its program ends with is thrown away unless it succeeds.

A part of :func:`stepweave.local_cloud.adapters.step_functions.map_runs.map_runs`.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator import distributed_iterator_worker
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_events import write_last
from stepweave.local_cloud.adapters.step_functions.attempt_programs import expire_express
from stepweave.local_cloud.adapters.step_functions.child_executions import ChildExecution
from stepweave.local_cloud.adapters.step_functions.context_times import aws_time
from stepweave.local_cloud.adapters.step_functions.distributed_maps import map_failure
from stepweave.local_cloud.adapters.step_functions.execution_details import aborted, started, succeeded, timed_out

_EXCEEDED: Final = "The specified tolerated failure threshold was exceeded"


@contextmanager
def child_programs() -> Iterator[None]:
    """Run iterations as child executions."""
    with ExitStack() as patches:
        for worker in (
            distributed_item_processor_worker.DistributedItemProcessorWorker,
            distributed_iterator_worker.DistributedIteratorWorker,
        ):
            patches.enter_context(replaced(worker, "_eval_job", _executing(worker._eval_job)))
            patches.enter_context(replaced(worker, "_eval_input", _starting(worker._eval_input)))
        yield


def _executing(upstream: Callable[..., None]) -> Callable[..., None]:
    def eval_job(self: Any, env: Any, job: Any) -> None:
        run = self._map_run_record.run
        child = env.child_execution = run.children[job.job_index]
        part = env.progress.part(job.job_index)
        if part.is_finished:  # before the execution was redriven
            child.begin(job.job_input, EventManager())
            child.end("SUCCEEDED", part.output)
            upstream(self, env, job)
            return
        env.event_manager = EventManager()
        env.event_history_context = EventHistoryContext.of_program_start()
        env.event_history_context.environment = env
        child.on_stop = lambda error, cause: _abort(env, child, error, cause)
        expires_not = expire_express(env) if run.is_express else None
        upstream(self, env, job)
        if expires_not is not None:
            expires_not()
        selection_failure = getattr(env, "selection_failure", None)
        if selection_failure is not None:
            job.job_output = selection_failure
            return
        if isinstance(env._program_state, ProgramStopped) or not self._env.is_running():
            child.stop(None, None, None)
        else:
            _finish(env, child, job.job_output)
        if not run.tolerates(child):
            job.job_output = map_failure(env, StatesErrorNameType.StatesExceedToleratedFailureThreshold, _EXCEEDED)

    return eval_job


def _starting(upstream: Callable[..., None]) -> Callable[..., None]:
    """Begin the child execution, as soon as its input is known."""

    def eval_input(self: Any, env_frame: Any) -> None:
        try:
            upstream(self, env_frame)
        except Exception as failure:
            env_frame.selection_failure = failure
            raise
        child: ChildExecution = env_frame.child_execution
        child_input = env_frame.states.get_input()
        child.begin(child_input, env_frame.event_manager)
        role = env_frame.aws_execution_details.role_arn
        context = env_frame.states.context_object.context_object_data
        context["Execution"] = {
            "Id": child.execution_arn,
            "Input": child_input,
            "Name": child.name,
            "RoleArn": role,
            "StartTime": aws_time(engine_time.now()),
            "RedriveCount": 0,
        }
        context["StateMachine"] = {"Id": child.state_machine_arn, "Name": child.state_machine_arn.split(":")[6]}
        env_frame.event_manager.add_event(
            env_frame.event_history_context,
            HistoryEventType.ExecutionStarted,
            started(child.execution_input, role),
            update_source_event_id=False,
        )

    return eval_input


def _finish(env: Any, child: ChildExecution, output: Any) -> None:
    """End a child execution as its program has ended."""
    state = env._program_state
    details: Any
    if isinstance(state, ProgramEnded):
        has_ended, kind = child.end("SUCCEEDED", output), HistoryEventType.ExecutionSucceeded
        details = succeeded(output)
    elif isinstance(state, ProgramTimedOut):
        has_ended, kind = child.end("TIMED_OUT"), HistoryEventType.ExecutionTimedOut
        details = timed_out()
    else:
        error = (state.error or {}) if isinstance(state, ProgramError) else {"error": "States.Runtime"}
        failed = ExecutionFailedEventDetails(**{key: error[key] for key in ("error", "cause") if error.get(key)})
        has_ended = child.end("FAILED", None, error.get("error"), error.get("cause"))
        kind, details = HistoryEventType.ExecutionFailed, EventDetails(executionFailedEventDetails=failed)
    if has_ended:
        _write_end(env, kind, details)


def _abort(env: Any, child: ChildExecution, error: str | None, cause: str | None) -> None:
    if not child.end("ABORTED", None, error, cause):
        return
    env.set_stop(stop_date=engine_time.now(), cause=cause, error=error)
    _write_end(env, HistoryEventType.ExecutionAborted, aborted(error, cause))


def _write_end(env: Any, event_type: HistoryEventType, details: EventDetails) -> None:
    with env.attempt.lock:
        write_last(env, event_type, details)
