"""The signals that ask the command to end: SIGINT (Ctrl-C), SIGTERM, and SIGHUP of a terminal that is closed.

While a subcommand runs, each of them raises `StoppedBySignal` in the main thread, so that everything that was begun
ends in order: the cursor comes back, messages go back to their queues, a local cloud of this process stops.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from stepweave.command.errors import EXIT_SIGNAL

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_SECOND_CTRL_C_SECONDS: Final = 0.5
"""Ctrl-C that comes again sooner is the same one: some programs pass on what the terminal has sent already."""

_SHOW_CURSOR: Final = b"\x1b[?25h"


class StoppedBySignal(KeyboardInterrupt):
    """A signal asked the command to end; what deals with Ctrl-C deals with every one of them.

    Parameters
    ----------
    number : int
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = signal.Signals(number)


def signal_of(interruption: KeyboardInterrupt) -> signal.Signals:
    """Return the signal that interrupted the command."""
    return interruption.number if isinstance(interruption, StoppedBySignal) else signal.SIGINT


class _Handler:
    """Raises at the first signal. Others of the same kind change nothing, but a second Ctrl-C ends the process."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.at = 0.0
        self.raised = False
        self.held_back = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.first is None:
            self.first, self.at = signal.Signals(number), time.monotonic()
            self.raise_if_due()
        elif number == signal.SIGINT and time.monotonic() - self.at > _SECOND_CTRL_C_SECONDS:
            show_cursor()
            with suppress(OSError):
                os.write(
                    sys.__stderr__.fileno() if sys.__stderr__ else 2, b"interrupted again: nothing was tidied up\n"
                )
            os._exit(EXIT_SIGNAL + number)

    def raise_if_due(self) -> None:
        if self.first is not None and not self.raised and not self.held_back:
            self.raised = True
            raise StoppedBySignal(self.first)


_handler: _Handler | None = None


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the signals raise `StoppedBySignal` while the context lasts. What is ignored already stays so (``nohup``).

    A signal that has come ends the process: those that follow it, until the process has told so and ended, must not
    end it in another way. So they are not put back to what they were before.

    Does nothing outside of the main thread, where signals are not handled.
    """
    global _handler  # noqa: PLW0603 - there is one process, and so one handler of its signals
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler, outer = _Handler(), _handler
    before = {number: signal.getsignal(number) for number in STOPPING}
    before = {number: action for number, action in before.items() if action not in {signal.SIG_IGN, None}}
    try:
        _handler = handler
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        if handler.first is None or outer is not None:
            for number, action in before.items():
                signal.signal(number, action)
        _handler = outer


@contextmanager
def held_back() -> Iterator[None]:
    """Let a signal wait until the end of the context, for a step that must not be left in the middle.

    Raises
    ------
    StoppedBySignal
        At the end, if a signal has come meanwhile.
    """
    handler = _handler if threading.current_thread() is threading.main_thread() else None
    if handler is None:
        yield
        return
    handler.held_back += 1
    try:
        yield
    finally:
        handler.held_back -= 1
    handler.raise_if_due()


def show_cursor() -> None:
    """Show the cursor of the terminal that standard error is; does nothing where it is none."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()  # what a signal interrupted is still to be written, and may hide it again
        descriptor = sys.stderr.fileno()
        if os.isatty(descriptor) and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}:
            os.write(descriptor, _SHOW_CURSOR)
