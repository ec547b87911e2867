"""The frames of the engine know their attempt, and tell at once when they are interrupted.

Upstream defects: what waits in a frame is woken by an event that is set and cleared in one go, so that a waiter that
comes a moment later sleeps on; most waiters do not listen at all; an error in a frame that was stopped overwrites
that it was stopped; what has not begun cannot be stopped; and for each frame, of which a task has two, the engine makes
an environment from nothing, and throws most of that away for what the environment around it has.

How frames are made only makes things faster: a task of the latency benchmark by 2 to 5 %.
"""

# ruff: noqa: SLF001 - upstream's own fields

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramRunning, ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.asl.eval.states import States

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempts import Attempt


def attach(environment: Any, attempt: Attempt) -> None:
    """Let an environment, which is no frame of another, run an attempt."""
    environment.attempt = attempt
    environment.progress = attempt.progress
    environment.progress.frame = environment


def is_cut_off(environment: Any) -> bool:
    """Tell whether an environment was stopped or has run out of time."""
    return isinstance(environment._program_state, ProgramStopped | ProgramTimedOut)


@contextmanager
def woken(environment: Any, wake: Callable[[], Any]) -> Iterator[None]:
    """Call ``wake`` as soon as the environment no longer runs, if that is while the context lasts."""
    with environment._state_mutex:
        environment.wakers.append(wake)
        is_running = environment.is_running()
    if not is_running:
        wake()
    try:
        yield
    finally:
        environment.wakers.remove(wake)


def wait_in(environment: Any, seconds: float) -> None:
    """Wait for as long as the environment runs, at most some seconds."""
    interrupted = threading.Event()
    with woken(environment, interrupted.set):
        engine_time.wait(interrupted, seconds)


@contextmanager
def attempt_frames() -> Iterator[None]:
    """Give each environment an attempt, a progress and those who are to be woken when it is interrupted."""
    upstream_init = Environment.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        upstream_init(self, *args, **kwargs)
        self.attempt = self.progress = None
        self.wakers = []
        self.event_history_context.environment = self

    with ExitStack() as patches:
        patches.enter_context(replaced(Environment, "__init__", init))
        patches.enter_context(replaced(Environment, "as_inner_frame_of", classmethod(_as_inner_frame_of)))
        for name in ("set_ended", "set_error", "set_timed_out", "set_stop"):
            patches.enter_context(replaced(Environment, name, _interrupting(getattr(Environment, name))))
        yield


def _as_inner_frame_of(
    cls: type[Any], env: Any, variable_store: Any, event_history_frame_cache: Any | None = None
) -> Any:
    around = env.states.context_object.context_object_data
    context = {name: around[name] for name in ("Execution", "StateMachine", "Task") if name in around}
    if "State" in around:
        context["State"] = dict(around["State"])
    if event_history_frame_cache is None:
        event_history_frame_cache = EventHistoryContext(previous_event_id=env.event_history_context.source_event_id)
    frame: Any = object.__new__(cls)
    frame.__dict__.update(env.__dict__)
    frame._state_mutex = threading.RLock()
    frame._program_state = env.program_state()
    frame._frames = []
    frame._is_frame = True
    frame.heap, frame.stack = {}, []
    frame.states, frame.variable_store = States(context=context), variable_store
    frame.event_history_context = event_history_frame_cache
    frame.event_history_context.environment = frame
    frame.wakers = []
    return frame


def _interrupting(upstream: Callable[..., None]) -> Callable[..., None]:
    def set_state(self: Any, *args: Any, **kwargs: Any) -> None:
        with self._state_mutex:
            if is_cut_off(self):
                return
            if self._program_state is None:  # its thread is about to begin
                self._program_state = ProgramRunning()
            upstream(self, *args, **kwargs)
            if isinstance(self._program_state, ProgramRunning):
                return
            wakers = list(self.wakers)
        for wake in wakers:
            wake()

    return set_state
