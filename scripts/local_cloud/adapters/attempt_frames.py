"""The frames of the engine know their attempt, and tell at once when they are interrupted.

Upstream defects: what waits in a frame is woken by an event that is set and cleared in one go, so that a waiter that
comes a moment later sleeps on; most waiters do not listen at all; an error in a frame that was stopped overwrites
that it was stopped; and what has not begun cannot be stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramRunning, ProgramStopped, ProgramTimedOut

from scripts.local_cloud.adapters.attempts import Attempt
from scripts.local_cloud.adapters.patch import replaced


def attach(environment: Any, attempt: Attempt) -> None:
    """Let an environment, which is no frame of another, run an attempt."""
    environment.attempt = attempt
    environment.progress = attempt.progress
    environment.progress.frame = environment


def is_cut_off(environment: Any) -> bool:
    """Tell whether an environment was stopped or has run out of time."""
    return isinstance(environment._program_state, ProgramStopped | ProgramTimedOut)  # noqa: SLF001


@contextmanager
def woken(environment: Any, wake: Callable[[], Any]) -> Iterator[None]:
    """Call ``wake`` as soon as the environment no longer runs, if that is while the context lasts."""
    with environment._state_mutex:  # noqa: SLF001
        environment.wakers.append(wake)
        is_running = environment.is_running()
    if not is_running:
        wake()
    try:
        yield
    finally:
        environment.wakers.remove(wake)


@contextmanager
def attempt_frames() -> Iterator[None]:
    """Give each environment an attempt, a progress and a lasting sign of its interruption."""
    upstream_init = Environment.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        upstream_init(self, *args, **kwargs)
        self.attempt = self.progress = None
        self.interrupted = threading.Event()
        self.wakers = []
        self.event_history_context.environment = self

    with ExitStack() as patches:
        patches.enter_context(replaced(Environment, "__init__", init))
        for name in ("open_frame", "open_inner_frame"):
            patches.enter_context(replaced(Environment, name, _opening(getattr(Environment, name))))
        for name in ("set_ended", "set_error", "set_timed_out", "set_stop"):
            patches.enter_context(replaced(Environment, name, _interrupting(getattr(Environment, name))))
        yield


def _opening(upstream: Callable[..., Any]) -> Callable[..., Any]:
    def open_frame(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self._state_mutex:
            frame = upstream(self, *args, **kwargs)
            frame.attempt, frame.progress = self.attempt, self.progress
            if not frame.is_running():
                frame.interrupted.set()
        return frame

    return open_frame


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
            self.interrupted.set()
            wakers = list(self.wakers)
        for wake in wakers:
            wake()

    return set_state
