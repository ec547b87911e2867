"""Calls that are to be made later, by threads of their own: what services do in the background."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_log = logging.getLogger(__name__)


class DelayedCalls:
    """Makes calls when they are due. Thread-safe.

    A call that raises is reported to this process's log: nobody waits for it.

    Parameters
    ----------
    name : str
        What the threads are called.
    running_at_once : int
        How many calls may run at a time.

    Example
    -------
    >>> calls = DelayedCalls("example", running_at_once=2)
    >>> calls.put(lambda: print("done"))
    >>> calls.close()
    done
    """

    def __init__(self, name: str, running_at_once: int) -> None:
        self._condition = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._is_open = True
        self._executor = ThreadPoolExecutor(running_at_once, thread_name_prefix=name)
        self._thread = threading.Thread(target=self._dispatch, name=f"{name}-dispatch", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether calls are still made."""
        return self._is_open

    def put(self, call: Callable[[], None], delay_seconds: float = 0.0) -> None:
        """Have a call made after `delay_seconds`; it is dropped if the queue is stopped by then."""
        with self._condition:
            if not self._is_open:
                return
            if delay_seconds <= 0:
                self._executor.submit(self._make, call)
                return
            heapq.heappush(self._due, (time.monotonic() + delay_seconds, next(self._order), call))
            self._condition.notify()

    def stop(self) -> None:
        """Begin no more calls."""
        with self._condition:
            self._is_open = False
            self._condition.notify()

    def close(self) -> None:
        """Make the calls that are due, drop those that are to wait, and end the threads."""
        self.stop()
        self._thread.join()
        self._executor.shutdown()

    def _dispatch(self) -> None:
        with self._condition:
            while self._is_open:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._condition.wait(wait)
                else:
                    _at, _order, call = heapq.heappop(self._due)
                    self._executor.submit(self._make, call)

    def _make(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - nobody waits for the call
            if self._is_open:
                _log.exception("a call in the background failed")
