"""Things to do at a time to come, on one thread for all."""

from __future__ import annotations

import datetime
import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stepweave.local_cloud.adapters.step_functions import engine_time

Action = Callable[[], None]

_FEWEST: Final = 64


def _nothing() -> None:
    """What a deadline does that was cancelled."""


@dataclass(order=True)
class Deadline:
    """Something to do at a time, unless it is cancelled before.

    Parameters
    ----------
    at
        When, aware.
    order
        Which of two that are due at once comes first.
    action
        What to do; it must not block.
    served
        What the thread that does it waits for meanwhile.
    """

    at: datetime.datetime
    order: int
    action: Action = field(compare=False)
    served: threading.Event = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Don't do it, and hold nothing any longer that it would have done it to."""
        self.is_cancelled = True
        self.action = _nothing
        engine_time.look_again(self.served)


class Deadlines:
    """Does what is due, in the order in which it is due.

    The thread lives as long as there is something to wait for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._numbers = itertools.count()
        self._heap: list[Deadline] = []
        self._sweep_at = _FEWEST
        self._is_served = False
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, action: Action) -> Deadline:
        """Do something later.

        Parameters
        ----------
        seconds
            How much later.
        action
            What to do; it must not block.

        Returns
        -------
        Deadline
            What cancels it.
        """
        at = engine_time.now() + datetime.timedelta(seconds=seconds)
        deadline = Deadline(at, next(self._numbers), action, self._changed)
        with self._lock:
            is_next = not self._heap or deadline < self._heap[0]
            if len(self._heap) >= self._sweep_at:
                self._heap = [each for each in self._heap if not each.is_cancelled]
                heapq.heapify(self._heap)
                self._sweep_at = max(_FEWEST, 2 * len(self._heap))
            heapq.heappush(self._heap, deadline)
            is_served, self._is_served = self._is_served, True
            if not is_served:
                self._thread = threading.Thread(target=self._serve, name="deadlines", daemon=True)
                self._thread.start()
        if is_served and is_next:
            self._changed.set()
        return deadline

    def close(self) -> None:
        """Do nothing of what is left, and return when the thread has ended."""
        with self._lock:
            self._heap.clear()
            thread = self._thread
        self._changed.set()
        if thread is not None:
            thread.join()

    def _serve(self) -> None:
        while (wait := self._seconds_to_next()) is not None:
            if wait > 0:
                engine_time.wait(self._changed, wait)
                self._changed.clear()
                continue
            with self._lock:
                if not self._heap:
                    continue
                deadline = heapq.heappop(self._heap)
            if not deadline.is_cancelled:
                deadline.action()

    def _seconds_to_next(self) -> float | None:
        with self._lock:
            while self._heap and self._heap[0].is_cancelled:
                heapq.heappop(self._heap)
            if not self._heap:
                self._is_served = False
                return None
            return (self._heap[0].at - engine_time.now()).total_seconds()
