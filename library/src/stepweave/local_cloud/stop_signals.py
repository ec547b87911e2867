"""Waiting for SIGINT or SIGTERM without missing one."""

from __future__ import annotations

import select
import signal
import socket
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Final, Self

from stepweave.local_cloud.parent_process import ParentProcess

_LOOK_SECONDS: Final = 1.0
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Notices what asks a process to stop, from the time it is entered. Enter it in the main thread.

    An :class:`threading.Event` that a handler sets is no way to wait for a signal. The handler runs in the main thread
    between two bytecodes: a signal that comes just before the main thread falls asleep in the event's lock is handled
    only after something else wakes it, and one that comes while the main thread holds that lock makes the handler wait
    for its own thread. So the interpreter's own handler, which runs at once, writes to a socket that is waited for.

    Example
    -------
    >>> import os
    >>> with StopSignals() as signals:
    ...     os.kill(os.getpid(), signal.SIGTERM)
    ...     signals.wait()
    ...     signals.have_come()
    True
    """

    def __init__(self) -> None:
        self._came = False
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            reader, writer = (resources.enter_context(end) for end in socket.socketpair())
            writer.setblocking(False)
            self._reader = reader
            resources.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False))
            for number in _STOPPING:
                resources.callback(signal.signal, number, signal.signal(number, self._note))
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._resources.close()

    def wait(self, parent: ParentProcess | None = None) -> None:
        """Return as soon as one of the signals has come, or the parent has ended if one is given."""
        watched = [self._reader, *(() if parent is None else (parent,))]
        while not self._came:
            readable, _, _ = select.select(watched, (), (), None if parent is None else _LOOK_SECONDS)
            if self._reader in readable:
                self._reader.recv(1)
            if parent is not None and parent.has_ended(is_readable=parent in readable):
                self._came = True

    def have_come(self) -> bool:
        """Tell whether one of the signals has come, or the end of the parent that is waited for."""
        return self._came

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
