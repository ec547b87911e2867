"""What waits in the engine waits no longer than its execution lasts.

Upstream defects: retry delays and nested jobs are slept through, and tokens waited for, after the execution was
stopped; a task that has run out of time goes on as if it still counted; for a nested job the engine waits for its task
token in another thread, which ends in a traceback if there is none; each state that runs something does so in another
thread, even if there is no time limit or it only calls a function; and what goes wrong in a JSONata ``Output`` can be
neither retried nor caught.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partialmethod
from typing import Any

from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerLeft,
    CallbackEndpoint,
    CallbackOutcome,
    CallbackOutcomeTimedOut,
    HeartbeatEndpoint,
)

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_events import abort_parts
from stepweave.local_cloud.adapters.step_functions.attempt_frames import wait_in, woken
from stepweave.local_cloud.adapters.step_functions.fewer_threads import copy_json
from stepweave.local_cloud.adapters.step_functions.task_time_limits import finishes_in_time


@contextmanager
def attempt_tasks(*, callers_leave: bool = False) -> Iterator[None]:
    """Make everything that waits stop with its execution.

    Parameters
    ----------
    callers_leave
        Whether who calls a function may leave before the call has ended.
    """
    with ExitStack() as patches:
        for owner, name, method in (
            (
                ExecutionState,
                "_evaluate_with_timeout",
                partialmethod(_evaluate_with_timeout, callers_leave=callers_leave),
            ),
            (ExecutionState, "_eval_state_output", _eval_state_output),
            (WaitFunction, "_wait_interval", _wait_interval),
            (RetrierDecl, "_eval_body", _retry),
            (StateTaskServiceCallback, "_eval_wait_for_task_token", _wait_for_token),
            (StateTaskServiceCallback, "_eval_sync", _wait_for_job),
            (HeartbeatEndpoint, "clear_and_wait", _wait_for_heartbeat),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _evaluate_with_timeout(self: Any, env: Any, *, callers_leave: bool) -> None:
    self.timeout.eval(env=env)
    seconds = env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy_json(env.stack)
    try:
        if self.timeout.is_default_value():
            self._eval_execution(frame)
        elif not finishes_in_time(self, frame, seconds, callers_leave=callers_leave):
            raise EvalTimeoutError
    except Exception:
        if env.attempt is not None:
            abort_parts(frame)
        raise
    finally:
        frame.set_ended()
        env.close_frame(frame)
    if not env.is_running():
        return
    result = frame.stack.pop()
    if self._is_language_query_jsonpath():
        _take_by_paths(self, env, result)
    else:
        _take_by_expressions(self, env, result)


def _take_by_paths(state: Any, env: Any, result: Any) -> None:
    """Make the state's output of the result of a JSONPath state."""
    env.stack.append(result)
    for part in (state.assign_decl, state.result_selector, state.result_path):
        if part:
            part.eval(env=env)
    if not state.result_path:
        env.states.reset(input_value=env.stack.pop())


def _take_by_expressions(state: Any, env: Any, result: Any) -> None:
    """Make the state's output of the result of a JSONata state; what fails can still be retried and caught."""
    env.states.set_result(result)
    if state.assign_decl:
        state.assign_decl.eval(env=env)
    if state.output:
        state.output.eval(env=env)
    else:
        env.states.reset(input_value=result)


def _eval_state_output(self: Any, env: Any) -> None:
    if self._is_language_query_jsonpath() and not isinstance(env.stack[-1], CatchOutcome):
        CommonStateField._eval_state_output(self, env=env)


def _wait_interval(self: Any, env: Any, wait_seconds: float) -> None:  # noqa: ARG001 - upstream's signature
    if wait_seconds > 0:
        wait_in(env, wait_seconds)


def _retry(self: Any, env: Any) -> None:
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for part in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
        part.eval(env=env)
    wait_in(env, env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


def _wait_for_token(
    self: Any,
    env: Any,
    timeout_seconds: float,
    callback_endpoint: CallbackEndpoint,
    heartbeat_endpoint: HeartbeatEndpoint | None,
) -> CallbackOutcome:
    outcome: Any
    with woken(env, callback_endpoint.interrupt_all):
        if heartbeat_endpoint is not None:
            outcome = self._wait_for_task_token_heartbeat(env, callback_endpoint, heartbeat_endpoint)
        else:
            engine_time.wait(callback_endpoint._notify_event, timeout_seconds)
            outcome = callback_endpoint.get_outcome()
    callback_endpoint.report(CallbackConsumerLeft())  # from now on the token is closed
    return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id) if outcome is None else outcome


def _wait_for_heartbeat(self: Any) -> bool:
    with self._mutex:
        if self._next_heartbeat_event.is_set():
            self._next_heartbeat_event.clear()
            return True
    return engine_time.wait(self._next_heartbeat_event, self._heartbeat_seconds)


def _wait_for_job(  # noqa: PLR0913, PLR0917 - upstream's signature
    self: Any,  # noqa: ARG001 - upstream's signature
    env: Any,
    sync_resolver: Callable[[], Any],
    timeout_seconds: float | None,  # noqa: ARG001 - the state's own limit ends the wait
    callback_endpoint: CallbackEndpoint | None,
    heartbeat_endpoint: HeartbeatEndpoint | None,  # noqa: ARG001 - a job has no heartbeat
) -> Any:
    result = None
    while env.is_running() and not (result := _outcome_of(callback_endpoint) or sync_resolver()):
        wait_in(env, state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK)
    if callback_endpoint is not None:
        callback_endpoint.report(CallbackConsumerLeft())
    return result


def _outcome_of(endpoint: CallbackEndpoint | None) -> CallbackOutcome | None:
    """Return what was answered with the task token, which ends a job's task, too, while the job goes on."""
    return None if endpoint is None else endpoint.get_outcome()
