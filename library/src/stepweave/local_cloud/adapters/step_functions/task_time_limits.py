"""How long a state may take for what it runs.

A function is called by the thread of its state, which leaves the call when its time is up; all else has a thread of
its own, which is left to itself.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_frames import woken
from stepweave.local_cloud.lambda_runtime.caller import Caller, CallerLeftError

_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller | None:
    """Who calls functions in this thread; None if they do not leave before a call has ended."""
    return _caller.get()


def finishes_in_time(state: Any, frame: Any, seconds: float, *, callers_leave: bool) -> bool:
    """Run what a state is there for; if it takes too long, nothing that it does counts.

    Parameters
    ----------
    state
        Upstream's state.
    frame
        The environment in which it runs.
    seconds
        How long that may take.
    callers_leave
        Whether who calls a function may leave before the call has ended.

    Returns
    -------
    bool
        False if it took too long; True also if it is left since ``frame`` no longer runs.
    """
    if callers_leave and _only_calls_a_function(state):
        is_in_time = _called(state, frame, seconds)
    else:
        is_in_time = _run_apart(lambda: state._eval_execution(frame), frame, seconds)
    if not is_in_time:
        frame.set_stop(stop_date=engine_time.now(), cause=None, error=None)
    return is_in_time


def _only_calls_a_function(state: Any) -> bool:
    if isinstance(state, StateTaskServiceLambda):
        return state.resource.condition is None  # else it goes on to wait for its task token
    return isinstance(state, StateTaskLambda)


def _called(state: Any, frame: Any, seconds: float) -> bool:
    caller = Caller(seconds)
    token = _caller.set(caller)
    try:
        with woken(frame, caller.leave):
            state._eval_execution(frame)
    except CallerLeftError:
        return not frame.is_running()
    finally:
        _caller.reset(token)
    return True


def _run_apart(execute: Callable[[], None], frame: Any, seconds: float) -> bool:
    ended = threading.Event()
    errors: list[Exception] = []

    def run() -> None:
        try:
            execute()
        except Exception as error:  # noqa: BLE001 - it is raised by the thread that waits
            errors.append(error)
        finally:
            ended.set()

    engine_time.start(run)
    with woken(frame, ended.set):
        is_in_time = engine_time.wait(ended, seconds)
    if is_in_time and errors:
        raise errors[0]
    return is_in_time
