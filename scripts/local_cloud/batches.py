"""Things to be done in passing, gathered for a moment and then done together, on a thread that ends when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_GATHERING_SECONDS: Final = 0.25


class Batches(Generic[T]):
    """Hands what is put to a function, in batches and in order. Thread-safe.

    Parameters
    ----------
    deliver
        Takes a batch. What it raises is reported to this process's log and otherwise forgotten.
    name
        Of the thread.
    gathering_seconds
        How long a batch is gathered.

    Example
    -------
    >>> batches = Batches(print, "printing")  # doctest: +SKIP
    >>> batches.put("a"); batches.put("b")  # doctest: +SKIP
    ['a', 'b']
    """

    def __init__(
        self, deliver: Callable[[list[T]], None], name: str, gathering_seconds: float = _GATHERING_SECONDS
    ) -> None:
        self._deliver = deliver
        self._name = name
        self._gathering_seconds = gathering_seconds
        self._lock = threading.Lock()
        self._gathered: list[T] = []
        self._is_served = False

    def put(self, item: T) -> None:
        """Have something done before long."""
        with self._lock:
            self._gathered.append(item)
            is_served, self._is_served = self._is_served, True
        if not is_served:
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _serve(self) -> None:
        while True:
            time.sleep(self._gathering_seconds)
            with self._lock:
                batch, self._gathered = self._gathered, []
                if not batch:
                    self._is_served = False
                    return
            try:
                self._deliver(batch)
            except Exception:  # noqa: BLE001 - the next batch must be delivered
                _LOG.exception("%s: a batch was lost", self._name)
