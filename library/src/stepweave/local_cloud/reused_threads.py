"""Threads that are used again: to start one takes longer than much of what the engine does in one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from stepweave.local_cloud.thread_group import ThreadGroup

_IDLE_SECONDS: Final = 10.0

_Action: TypeAlias = Callable[[], object]
_Mailbox: TypeAlias = "SimpleQueue[_Action | None]"


class ReusedThreads:
    """Runs actions side by side, any number of them, each at once.

    No action waits for another one, however long that takes: a new thread is made where none is idle. Threads are
    daemons: they do not keep the process alive. Thread-safe.

    Parameters
    ----------
    name
        Of the threads.
    idle_seconds
        How long a thread without an action is kept.

    Example
    -------
    >>> done = threading.Event()
    >>> ReusedThreads("example").start(done.set)
    >>> done.wait(10)
    True
    """

    def __init__(self, name: str, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._threads = ThreadGroup(name)
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._idle: list[_Mailbox] = []
        self._is_ending = False

    def start(self, action: _Action) -> None:
        """Run an action; what it raises is reported as for any thread, and ends the thread."""
        with self._lock:
            # The one that became idle last: what it needs is still in the processor's caches.
            mailbox = self._idle.pop() if self._idle else None
        if mailbox is None:
            mailbox = SimpleQueue()
            self._threads.start(partial(self._serve, mailbox))
        mailbox.put(action)

    def end_idle(self) -> None:
        """End the threads that have nothing to do, as far as they are known to have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for mailbox in idle:
            mailbox.put(None)

    def end(self) -> None:
        """Return when all actions are done and no thread is left. Others are made for actions to come."""
        with self._lock:
            self._is_ending = True
        try:
            self.end_idle()
            self._threads.join()
        finally:
            with self._lock:
                self._is_ending = False

    def _serve(self, mailbox: _Mailbox) -> None:
        while (action := self._next(mailbox)) is not None:
            action()
            del action  # nor is what it holds kept alive by a thread that is idle
            with self._lock:
                if self._is_ending:
                    return
                self._idle.append(mailbox)

    def _next(self, mailbox: _Mailbox) -> _Action | None:
        try:
            return mailbox.get(timeout=self._idle_seconds)
        except Empty:
            with self._lock:
                if mailbox in self._idle:
                    self._idle.remove(mailbox)
                    return None
            return mailbox.get()  # whoever took it off the list is about to put
