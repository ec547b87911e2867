"""What time it is for the Step Functions engine, how the engine waits, and how it does things side by side.

All that the adapters know of time goes through :data:`clock`, so that whoever controls the time of a test replaces one
object. Modules call ``engine_time.now()`` and ``engine_time.wait(...)``; none keeps the clock itself.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import Final, Protocol

from stepweave.local_cloud.reused_threads import ReusedThreads


class Clock(Protocol):
    """A source of time that can also be waited for."""

    def now(self) -> datetime.datetime:
        """Return the time, aware and in UTC."""

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed.

        Parameters
        ----------
        event
            What ends the wait early.
        seconds
            The longest wait, in seconds; ``None`` waits for the event alone.
        is_awaited
            Whether a test that skips time skips it for the end of this wait: not for one that comes again and again.

        Returns
        -------
        bool
            Whether the event is set.
        """

    def start(self, action: Callable[[], None]) -> None:
        """Run an action in another thread, while which time does not skip ahead."""

    def end_threads(self) -> None:
        """Return when all actions are done and no thread of theirs is left."""

    def look_again(self, event: threading.Event) -> None:
        """Have who waits for ``event`` wait anew, lest time be skipped for an end that no longer matters."""


class WallClock:
    """The time of the machine."""

    def now(self) -> datetime.datetime:
        """Return the time, aware and in UTC."""
        return datetime.datetime.now(tz=datetime.UTC)

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:  # noqa: ARG002
        """Wait for the event, at most as long as ``seconds`` and as a lock can wait."""
        return event.wait(seconds if seconds is None else min(max(seconds, 0.0), threading.TIMEOUT_MAX))

    def start(self, action: Callable[[], None]) -> None:
        """Run an action in another thread."""
        _THREADS.start(action)

    def end_threads(self) -> None:
        """Return when all actions are done and no thread is left."""
        _THREADS.end()

    def look_again(self, event: threading.Event) -> None:
        """Do nothing: the wait ends in time, and nobody skips it."""


_THREADS: Final = ReusedThreads("engine")

clock: Clock = WallClock()


def now() -> datetime.datetime:
    """Return the time, aware and in UTC."""
    return clock.now()


def wait(event: threading.Event, seconds: float | None) -> bool:
    """Wait until ``event`` is set or ``seconds`` have passed, and say whether it is set."""
    return clock.wait(event, seconds)


def start(action: Callable[[], None]) -> None:
    """Run an action in another thread."""
    clock.start(action)


def end_threads() -> None:
    """Return when all actions are done and no thread of theirs is left: when the engine is no longer used."""
    clock.end_threads()


def wait_unawaited(event: threading.Event, seconds: float | None) -> bool:
    """Wait likewise for what comes again and again, for which no time is skipped."""
    return clock.wait(event, seconds, is_awaited=False)


def look_again(event: threading.Event) -> None:
    """Have who waits for ``event`` wait anew, lest time be skipped for an end that no longer matters."""
    clock.look_again(event)
