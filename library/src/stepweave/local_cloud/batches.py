"""Things to be done in passing, gathered until it is quiet and then done together, on a thread that ends when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from stepweave.local_cloud.thread_group import ThreadGroup

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_QUIET_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 1.0


class Batches(Generic[T]):
    """Hands what is put to a function, in batches and in order. Thread-safe.

    A batch is delivered when nothing has been put for a moment: what puts is busy with something that is waited for,
    and would share the interpreter with the delivery.

    Parameters
    ----------
    deliver
        Takes a batch, one at a time. What it raises is reported to this process's log and otherwise forgotten.
    name
        Of the thread.
    quiet_seconds
        How long nothing has to be put.
    longest_seconds
        How long a batch is gathered at most.

    Example
    -------
    >>> batches = Batches(print, "printing")
    >>> batches.put("a"); batches.put("b")
    >>> batches.flush()
    ['a', 'b']
    """

    def __init__(
        self,
        deliver: Callable[[list[T]], None],
        name: str,
        quiet_seconds: float = _QUIET_SECONDS,
        longest_seconds: float = _LONGEST_SECONDS,
    ) -> None:
        self._deliver = deliver
        self._name = name
        self._quiet_seconds = quiet_seconds
        self._longest_seconds = longest_seconds
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._gathered: list[T] = []
        self._is_served = False
        self._threads = ThreadGroup(name)
        self._hurries = threading.Event()

    def put(self, item: T) -> None:
        """Have something done before long."""
        with self._lock:
            self._gathered.append(item)
            is_served, self._is_served = self._is_served, True
        if not is_served:
            self._threads.start(self._serve)

    def flush(self) -> None:
        """Return when all that was put before this call has been delivered."""
        with self._delivering:
            with self._lock:
                batch, self._gathered = self._gathered, []
            if not batch:
                return
            try:
                self._deliver(batch)
            except Exception:  # noqa: BLE001 - the next batch must be delivered
                _LOG.exception("%s: a batch was lost", self._name)

    def settle(self) -> None:
        """Return when all that was put before this call has been delivered and no thread is left.

        What is put later is delivered as before.
        """
        self._hurries.set()
        try:
            self._threads.join()
        finally:
            self._hurries.clear()

    def _serve(self) -> None:
        while True:
            self._await_quiet()
            self.flush()
            with self._lock:
                if not self._gathered:
                    self._is_served = False
                    return

    def _await_quiet(self) -> None:
        latest = time.monotonic() + self._longest_seconds
        before, now = 0, len(self._gathered)
        while now > before and time.monotonic() < latest:
            if self._hurries.wait(self._quiet_seconds):
                return
            before, now = now, len(self._gathered)
