"""Threads that are waited for together."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_PATIENCE_SECONDS: Final = 60.0  # a machine with much else to do needs some of it
_FEWEST: Final = 16


class ThreadGroup:
    """Starts threads, and knows which of them have not ended. Thread-safe.

    They are daemons: a thread that never ends does not keep the process alive.

    Parameters
    ----------
    name
        Of the threads.

    Example
    -------
    >>> done = []
    >>> group = ThreadGroup("example")
    >>> group.start(lambda: done.append("this"))
    >>> group.join()
    True
    >>> done
    ['this']
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sweep_at = _FEWEST

    def start(self, action: Callable[[], object]) -> None:
        """Run an action in a new thread."""
        thread = threading.Thread(target=action, name=self._name, daemon=True)
        with self._lock:
            if len(self._threads) >= self._sweep_at:
                self._threads = [each for each in self._threads if each.is_alive()]
                self._sweep_at = max(_FEWEST, 2 * len(self._threads))
            self._threads.append(thread)
            thread.start()

    def join(self, patience_seconds: float = _PATIENCE_SECONDS) -> bool:
        """Return when all threads have ended, but for the one that calls this.

        Parameters
        ----------
        patience_seconds
            After how long a thread is given up that does not end; where it is then goes into this process's log.

        Returns
        -------
        bool
            Whether all have ended.
        """
        deadline = time.monotonic() + patience_seconds
        while others := self._others():
            for thread in others:
                thread.join(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                left = self._others()
                for thread in left:
                    _LOG.error("a thread does not end: %s\n%s", thread.name, _stack_of(thread))
                return not left
        return True

    def _others(self) -> list[threading.Thread]:
        me = threading.current_thread()
        with self._lock:
            return [each for each in self._threads if each is not me and each.is_alive()]


def _stack_of(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - there is no other way to see it
    return "".join(traceback.format_stack(frame)) if frame is not None else ""
