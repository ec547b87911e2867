"""What `threading`, `time` and `concurrent.futures` offer, on a virtual clock.

A module whose names are replaced by these runs as before, but its waits can be skipped and its threads are counted.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from stepweave.local_cloud.clock.virtual_clock import Sleeper, VirtualClock
from stepweave.local_cloud.thread_group import ThreadGroup

P = ParamSpec("P")
T = TypeVar("T")


class ClockEvent(threading.Event):
    """A `threading.Event`."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.waiting: set[Sleeper] = set()

    def set(self) -> None:
        """Set it, and wake who waits."""
        with self.clock.lock:
            super().set()
            for sleeper in self.waiting:
                self.clock.wake(sleeper)
            self.waiting.clear()

    def wait(self, timeout: float | None = None, *, is_awaited: bool = True) -> bool:
        """Wait until it is set; time is not skipped for this wait unless it `is_awaited`."""
        with self.clock.lock:
            if self.is_set():
                return True
            sleeper = self.clock.guarded_sleeper(timeout, is_awaited=is_awaited)
            self.waiting.add(sleeper)
        was_notified = self.clock.await_wake(sleeper)
        with self.clock.lock:
            self.waiting.discard(sleeper)
            return was_notified or self.is_set()


class EngineClock:
    """A virtual clock as the engine's adapters know one: the ``Clock`` of ``adapters.step_functions.engine_time``."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._threads = ThreadGroup("engine")

    def now(self) -> datetime.datetime:
        """Return the time, aware and in UTC."""
        return self._clock.now()

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed, and say whether it is set."""
        with self._clock.lock:
            adopted = event if isinstance(event, ClockEvent) else _adopt(event, self._clock)
        return adopted.wait(seconds, is_awaited=is_awaited)

    def look_again(self, event: threading.Event) -> None:
        """Wake who waits for ``event``, and finds that it may wait longer."""
        event.set()

    def start(self, action: Callable[[], None]) -> None:
        """Run an action in another thread, which counts as running."""

        def counted() -> None:
            self._clock.attach()
            try:
                action()
            finally:
                self._clock.detach()

        self._clock.begin()
        self._threads.start(counted)

    def end_threads(self) -> None:
        """Return when all actions are done and no thread is left."""
        self._threads.join()


def _adopt(event: threading.Event, clock: VirtualClock) -> ClockEvent:
    """Make an event that was there before the clock wake through the clock."""
    event.__class__ = ClockEvent
    adopted = cast("ClockEvent", event)
    adopted.clock = clock
    adopted.waiting = set()
    return adopted


class ClockThread(threading.Thread):
    """A `threading.Thread` that counts as running from its start to its end, but for the times when it waits."""

    def __init__(self, clock: VirtualClock, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clock = clock
        self._has_ended = ClockEvent(clock)

    def start(self) -> None:
        """Start it."""
        self._clock.begin()
        super().start()

    def run(self) -> None:
        """Run the target."""
        self._clock.attach()
        try:
            super().run()
        finally:
            self._has_ended.set()
            self._clock.detach()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        if self._has_ended.wait(timeout):
            super().join()


class ClockCondition:
    """A `threading.Condition`."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._waiting: list[Sleeper] = []

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Let go of the lock until notified."""
        with self._clock.lock:
            sleeper = self._clock.guarded_sleeper(timeout)
            self._waiting.append(sleeper)
        self._lock.release()
        try:
            return self._clock.await_wake(sleeper)
        finally:
            self._lock.acquire()
            if sleeper in self._waiting:
                self._waiting.remove(sleeper)

    def notify(self, count: int = 1) -> None:
        """Wake who has waited longest."""
        with self._clock.lock:
            woken, self._waiting = self._waiting[:count], self._waiting[count:]
            for sleeper in woken:
                self._clock.wake(sleeper)

    def notify_all(self) -> None:
        """Wake all who wait."""
        self.notify(len(self._waiting))


class ClockExecutor(ThreadPoolExecutor):
    """A `ThreadPoolExecutor` whose work counts as running from the moment it is submitted."""

    def __init__(self, clock: VirtualClock, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._clock = clock

    def submit(self, function: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> Future[T]:
        """Have a function run."""

        def work() -> T:
            self._clock.attach()
            try:
                return function(*arguments, **options)
            finally:
                self._clock.detach()

        self._clock.begin()
        try:
            future = super().submit(work)
        except BaseException:
            self._clock.withdraw()
            raise
        future.add_done_callback(lambda done: self._clock.withdraw() if done.cancelled() else None)
        return future
