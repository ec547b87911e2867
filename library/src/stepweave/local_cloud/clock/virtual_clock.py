"""A clock that skips ahead: a discrete-event simulation whose processes are the threads of the local cloud.

Time goes at its usual pace while anything runs. When everything waits, whoever drives the clock may jump to the next
deadline: a wait of a day takes no longer than one of a second, and all that happens still happens in its order.

What runs is counted. A thread that the clock knows (:meth:`VirtualClock.begin`, or :meth:`VirtualClock.running` around
a piece of work) counts as running until it ends or waits through the clock. Whoever wakes it counts it again before it
can have noticed, so that there is no moment in which nothing seems to run though something is about to.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

ENDLESS_SECONDS: Final = 99_999_999.0
"""Step Functions' default timeout, three years: a wait that long only ends by what it waits for."""

_POLL_SECONDS: Final = 0.5
"""How long a poller waits at the most, real time, in case that what it looks for comes from outside."""


class Skip(StrEnum):
    """What became of an attempt to skip time; true if it was skipped."""

    JUMPED = "jumped"
    BUSY = "busy"
    """Something runs."""
    NOTHING_DUE = "nothing due"
    """Nothing waits for a time."""

    def __bool__(self) -> bool:
        return self is Skip.JUMPED


class Sleeper:
    """One thread that waits.

    Parameters
    ----------
    deadline : float | None
        When it wakes by itself, in seconds of the virtual clock since the epoch; None if never.
    counted : bool
        Whether its thread counts as running while it does not wait.
    is_awaited : bool
        Whether there may be a jump for the sake of its deadline. There is none for what comes again and again for
        ever, as what a schedule starts: it happens on the way to other deadlines.
    """

    def __init__(self, deadline: float | None, *, counted: bool, is_awaited: bool = True) -> None:
        self.deadline = deadline
        self.counted = counted
        self.is_awaited = is_awaited
        self.is_awake = False
        self.was_notified = False
        self.signal = threading.Event()


class VirtualClock:
    """The time of a local cloud whose time is under control.

    Parameters
    ----------
    on_jump : Callable[[float], None]
        Told the seconds by which the clock is ahead of the machine's, whenever that changes.
    real_time : Callable[[], float]
        The machine's time, in seconds since the epoch.

    Example
    -------
    >>> clock = VirtualClock()
    >>> before = clock.time()
    >>> clock.advance(86_400)
    >>> clock.time() - before >= 86_400
    True
    """

    def __init__(
        self, on_jump: Callable[[float], None] = lambda _: None, real_time: Callable[[], float] = time.time
    ) -> None:
        self._on_jump = on_jump
        self._real_time = real_time
        self._changed = threading.Condition(threading.Lock())
        self._offset = 0.0
        self._running = 0
        self._sleepers: set[Sleeper] = set()
        self._naps: set[Sleeper] = set()  # those that wait for nothing but time
        self._pollers: dict[Sleeper, int] = {}  # with what each has seen
        self._activity = 0
        self._met_awaited = False
        self._local = threading.local()

    @property
    def offset(self) -> float:
        """The seconds by which this clock is ahead of the machine's."""
        return self._offset

    @property
    def met_awaited(self) -> bool:
        """Whether the latest jump was to a deadline that is awaited, and not only to what comes again and again."""
        return self._met_awaited

    def time(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._real_time() + self._offset

    def monotonic(self) -> float:
        """Return seconds that go on with this clock, on the scale of `time.monotonic`."""
        return time.monotonic() + self._offset

    def now(self) -> datetime.datetime:
        """Return the time, aware and in UTC."""
        return datetime.datetime.fromtimestamp(self.time(), tz=datetime.UTC)

    # What runs.

    def begin(self) -> None:
        """Count a thread, or a piece of work, that is about to start: it calls :meth:`attach` once it has."""
        with self._changed:
            self._running += 1

    def attach(self) -> None:
        """Let the calling thread be the one that :meth:`begin` counted."""
        self._local.depth = 1

    def detach(self) -> None:
        """End what the calling thread began."""
        self._local.depth = 0
        self.withdraw()

    def withdraw(self) -> None:
        """End what :meth:`begin` counted and no thread has begun."""
        with self._changed:
            self._activity += 1
            self._pause()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the calling thread as running meanwhile, unless it is counted already."""
        if self._is_counted():
            yield
            return
        self.begin()
        self.attach()
        try:
            yield
        finally:
            self.detach()

    def _is_counted(self) -> bool:
        return getattr(self._local, "depth", 0) > 0

    def _pause(self) -> None:
        """Count one less; the last one wakes the pollers that have not seen what happened since they looked."""
        self._running -= 1
        if self._running == 0:
            for poller in [poller for poller, seen in self._pollers.items() if seen != self._activity]:
                self.wake(poller, notified=False)
            self._changed.notify_all()

    # Waiting. What begins with `guarded_` is called under `lock`.

    @property
    def lock(self) -> threading.Condition:
        """What guards the clock and all that is waited for through it."""
        return self._changed

    def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed."""
        with self._changed:
            sleeper = self.guarded_sleeper(seconds)
            self._naps.add(sleeper)
        self.await_wake(sleeper)

    def end_naps(self) -> None:
        """Wake who is in :meth:`sleep`: when what they wait with is no longer wanted."""
        with self._changed:
            for sleeper in list(self._naps):
                self.wake(sleeper, notified=False)

    def poll(self, seconds: float | None = None) -> None:
        """Wait until something may have changed: anything that ran has paused, or time has passed.

        For loops that look again and again. Such a loop never keeps the clock from a jump, and never makes one
        necessary; it looks once more after whatever happens.

        Parameters
        ----------
        seconds : float | None
            The longest wait.
        """
        with self._changed:
            if getattr(self._local, "seen", None) != self._activity:
                self._local.seen = self._activity
                return
            sleeper = self.guarded_sleeper(seconds, is_active=False)
            self._pollers[sleeper] = self._activity
        self.await_wake(sleeper, _POLL_SECONDS)
        with self._changed:
            self._local.seen = self._activity

    def guarded_sleeper(self, seconds: float | None, *, is_active: bool = True, is_awaited: bool = True) -> Sleeper:
        """Return what the calling thread is to wait for; from now on it does not count as running."""
        endless = seconds is None or seconds >= ENDLESS_SECONDS
        deadline = None if endless else self.time() + (seconds or 0.0)
        sleeper = Sleeper(deadline, counted=self._is_counted(), is_awaited=is_awaited)
        self._sleepers.add(sleeper)
        if is_active:
            self._activity += 1
        if sleeper.counted:
            self._pause()
        return sleeper

    def await_wake(self, sleeper: Sleeper, real_seconds: float | None = None) -> bool:
        """Wait until a sleeper is awake, and say whether it was notified before its deadline."""
        while True:
            remaining = None if sleeper.deadline is None else max(0.0, sleeper.deadline - self.time())
            limits = [limit for limit in (remaining, real_seconds, threading.TIMEOUT_MAX) if limit is not None]
            was_signalled = sleeper.signal.wait(min(limits))
            with self._changed:
                is_due = sleeper.deadline is not None and self.time() >= sleeper.deadline
                if is_due or (real_seconds is not None and not was_signalled):
                    self.wake(sleeper, notified=False)
                if sleeper.is_awake:
                    return sleeper.was_notified
                sleeper.signal.clear()

    def wake(self, sleeper: Sleeper, *, notified: bool = True) -> None:
        """Wake a sleeper, whose thread counts as running from this moment. Called under `lock`."""
        if sleeper.is_awake:
            return
        sleeper.is_awake = True
        sleeper.was_notified = notified
        self._sleepers.discard(sleeper)
        self._naps.discard(sleeper)
        self._pollers.pop(sleeper, None)
        if sleeper.counted:
            self._running += 1
        sleeper.signal.set()
        self._changed.notify_all()

    # Driving.

    def await_idle(self, seconds: float) -> bool:
        """Wait until nothing runs.

        Parameters
        ----------
        seconds : float
            The longest wait, real time.

        Returns
        -------
        bool
            Whether nothing runs now.
        """
        with self._changed:
            return self._changed.wait_for(self._is_idle, seconds)

    def skip(self, until: float | None = None) -> Skip:
        """Jump to the next deadline, if nothing runs.

        Parameters
        ----------
        until : float | None
            The farthest time to jump to, in seconds since the epoch; None goes as far as the deadline is, if there is
            one that is awaited.
        """
        with self._changed:
            if not self._is_idle():
                return Skip.BUSY
            waiting = [(sleeper.deadline, sleeper.is_awaited) for sleeper in self._sleepers]
            if until is None and not any(is_awaited and deadline is not None for deadline, is_awaited in waiting):
                return Skip.NOTHING_DUE
            targets = [deadline for deadline in (until, *(deadline for deadline, _ in waiting)) if deadline is not None]
            self._jump(min(targets))
            return Skip.JUMPED

    def advance(self, seconds: float, patience: float = 60.0) -> None:
        """Let time pass, and with it all that is due meanwhile.

        Raises
        ------
        TimeoutError
            If something runs for longer than ``patience``, in seconds of real time.
        """
        target = self.time() + seconds
        while self.time() < target:
            if not self.await_idle(patience):
                raise TimeoutError(f"something is still running after {patience:g} seconds")
            self.skip(target)
        self.await_idle(patience)

    def reset(self) -> None:
        """Return to the machine's time."""
        with self._changed:
            self._offset = 0.0
            self._on_jump(0.0)
            for sleeper in [sleeper for sleeper in self._sleepers if not sleeper.is_awaited]:
                self.wake(sleeper, notified=False)  # what comes again and again comes sooner now
            self._recheck()

    def _is_idle(self) -> bool:
        now = self.time()
        return self._running == 0 and not any(
            sleeper.deadline is not None and sleeper.deadline <= now for sleeper in self._sleepers
        )

    def _jump(self, target: float) -> None:
        ahead = target - self.time()
        if ahead > 0:
            self._offset += ahead
            self._on_jump(self._offset)
        self._activity += 1
        now = max(self.time(), target)
        due = [each for each in self._sleepers if each.deadline is not None and each.deadline <= now]
        self._met_awaited = any(each.is_awaited for each in due)
        for sleeper in {*due, *self._pollers}:
            self.wake(sleeper, notified=False)
        self._recheck()

    def _recheck(self) -> None:
        """Have every sleeper compute anew how long it still has."""
        for sleeper in self._sleepers:
            sleeper.signal.set()
