"""An execution ends at the moment at which it is stopped, or runs out of time, whatever still runs for it.

Upstream defects: ``StopExecution`` and the state machine's ``TimeoutSeconds`` take effect when the task returns that
runs just then, which may be never; the error and the cause are lost; a program that was stopped before its thread began
ends in a traceback; for a time limit the engine keeps a thread that only waits; an Express execution may last as long
as it likes; and one that is waited for runs in the thread of who waits, who waits for what it has given up, too.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType, StateMachineType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker, SyncExecutionWorker

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_events import write_last
from stepweave.local_cloud.adapters.step_functions.attempt_frames import attach
from stepweave.local_cloud.adapters.step_functions.attempts import Attempt, Progress
from stepweave.local_cloud.adapters.step_functions.deadlines import Deadlines
from stepweave.local_cloud.adapters.step_functions.execution_details import aborted, started, succeeded, timed_out

_LOG = logging.getLogger(__name__)
_UNDER_WAY: Final[dict[Attempt, tuple[Any, Any]]] = {}
"""The worker and the environment of each attempt that has not ended."""

_DEADLINES = Deadlines()
"""Of the engine that is installed: each has its own, on its own clock."""

LONGEST_EXPRESS_EXECUTION: Final = 300  # seconds, by AWS's quota


@contextmanager
def attempt_programs() -> Iterator[None]:
    """Start, follow and end the attempts of executions."""
    with ExitStack() as patches:
        deadlines = Deadlines()
        patches.enter_context(replaced(sys.modules[__name__], "_DEADLINES", deadlines))
        for owner, name, method in (
            (ExecutionWorker, "start", _start),
            (SyncExecutionWorker, "start", _start),
            (Execution, "stop", stop_execution),
            (Program, "eval", _evaluate),
            (Program, "_eval_body", _evaluate_states),
        ):
            patches.enter_context(replaced(owner, name, method))
        # What still runs ends as it began: before anything is put back.
        patches.callback(engine_time.end_threads)
        patches.callback(deadlines.close)
        patches.callback(abort_all)
        yield


def begin_attempt(
    worker: Any, environment: Any, progress: Progress, write_start: Callable[[], Any]
) -> Callable[[], None]:
    """Begin an attempt at an execution.

    Parameters
    ----------
    worker
        The worker of the execution.
    environment
        Where it is evaluated.
    progress
        How far it has come.
    write_start
        Writes the event that says how the attempt started.

    Returns
    -------
    callable
        Runs the attempt until it ends.
    """
    program = worker._get_evaluation_entrypoint()
    attempt = Attempt(progress, worker._evaluation_details.execution_details.arn)
    attach(environment, attempt)
    _UNDER_WAY[attempt] = worker, environment
    attempt.at_end(lambda: _UNDER_WAY.pop(attempt, None))
    write_start()
    worker.env = environment
    limit = _seconds_at_most(program, environment)
    if limit is not None:
        deadline = _DEADLINES.after(limit, lambda: _run_out_of_time(worker, environment))
        attempt.at_end(deadline.cancel)

    def run() -> None:
        program.eval(environment)
        with attempt.lock:
            if attempt.is_over:
                return
            _write_end(environment)
            attempt.end()
        worker._execution_communication.terminated()

    return run


def _seconds_at_most(program: Any, environment: Any) -> float | None:
    """Return how long an attempt may last, None if for ever."""
    limit: float | None = program.timeout_seconds.timeout_seconds if program.timeout_seconds is not None else None
    if environment.execution_type != StateMachineType.EXPRESS:
        return limit
    return LONGEST_EXPRESS_EXECUTION if limit is None else min(limit, LONGEST_EXPRESS_EXECUTION)


def expire_express(environment: Any) -> Callable[[], None]:
    """Let an Express child execution end when its time is over, and return what prevents that."""
    return _DEADLINES.after(LONGEST_EXPRESS_EXECUTION, environment.set_timed_out).cancel


def stop_execution(self: Any, stop_date: Any, error: str | None, cause: str | None) -> None:
    """Abort an execution, unless it has ended; the signature is upstream's."""
    worker = self.exec_worker
    environment: Any = worker.env if worker is not None else None
    if getattr(environment, "attempt", None) is None:
        return  # it ended in another process
    with environment.attempt.lock:
        if environment.attempt.is_over:
            return
        environment.set_stop(stop_date=stop_date, cause=cause, error=error)
        environment.event_history_context.source_event_id = 0
        write_last(environment, HistoryEventType.ExecutionAborted, aborted(error, cause))
        environment.attempt.end()
        self.error, self.cause = error, cause
    worker._execution_communication.terminated()


def abort_all() -> None:
    """Abort all executions, of all kinds: when the engine is no longer used."""
    for attempt, (worker, environment) in list(_UNDER_WAY.items()):
        with attempt.lock:
            if attempt.is_over:
                continue
            environment.set_stop(stop_date=engine_time.now(), cause=None, error=None)
            attempt.end()
        worker._execution_communication.terminated()


def _run_out_of_time(worker: Any, environment: Any) -> None:
    with environment.attempt.lock:
        if environment.attempt.is_over:
            return
        environment.set_timed_out()
        write_last(environment, HistoryEventType.ExecutionTimedOut, timed_out())
        environment.attempt.end()
    worker._execution_communication.terminated()


def _prepare(worker: Any) -> Callable[[], None]:
    environment = worker._get_evaluation_environment()
    environment.states.context_object.context_object_data["Execution"]["RedriveCount"] = 0
    details = worker._evaluation_details

    def write_start() -> None:
        environment.event_manager.add_event(
            context=environment.event_history_context,
            event_type=HistoryEventType.ExecutionStarted,
            event_details=started(to_json_str(details.execution_details.inpt), details.aws_execution_details.role_arn),
            update_source_event_id=False,
        )

    return begin_attempt(worker, environment, Progress(), write_start)


def _start(self: Any) -> None:
    engine_time.start(_prepare(self))


def _evaluate(self: Any, env: Any) -> None:
    progress = env.progress
    if progress is not None:
        progress.frame = env
    start = self.start_at.start_at_name
    if progress is not None and progress.resumes:
        start = progress.state
        env.states.reset(progress.state_input)
        for name, value in progress.variables.items():
            env.variable_store.set(name, value)
        env.variable_store.reset_tracing()
    with env._state_mutex:
        if env._program_state is not None and not env.is_running():
            return
        env.next_state_name = start
    self._eval_body(env)


def _evaluate_states(self: Any, env: Any) -> None:
    try:
        while env.is_running():
            self._get_state(env.next_state_name).eval(env)
            env.stack.clear()
            env.heap.clear()
    except FailureEventException as failure:
        env.set_error(failure.get_execution_failed_event_details())
    except Exception as error:  # noqa: BLE001 - whatever happens is the execution's failure
        if not env.is_running():
            return  # it was stopped in the middle of something
        cause = f"{type(error).__name__}({error})"
        _LOG.warning("an execution ended with the exception %s", cause)
        env.set_error(ExecutionFailedEventDetails(error=StatesErrorNameType.StatesRuntime.to_name(), cause=cause))


def _write_end(environment: Any) -> None:
    state = environment.program_state()
    if isinstance(state, ProgramError):
        error = state.error or {}
        failed = ExecutionFailedEventDetails(**{key: error[key] for key in ("error", "cause") if key in error})
        details = EventDetails(executionFailedEventDetails=failed)
        write_last(environment, HistoryEventType.ExecutionFailed, details)
    elif isinstance(state, ProgramEnded):
        write_last(environment, HistoryEventType.ExecutionSucceeded, succeeded(environment.states.get_input()))
