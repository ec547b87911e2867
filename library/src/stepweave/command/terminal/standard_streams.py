"""Standard output and standard error of the command, and what happens when they take nothing more.

Whoever writes a result must know that it did not arrive: a disk that is full ends the command with a line that says so,
a reader that has gone (``stepweave list | head -1``) ends it without a word. What is said on standard error is for
people, and no reason to give up what is under way if nobody can hear it.
"""

import io
import os
import select
import sys
from typing import TYPE_CHECKING, Final, TextIO

from stepweave.command.errors import EXIT_FAILED, CommandError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STANDARD: Final = 3
"""Descriptors 0, 1 and 2."""


class ReaderGoneError(Exception):
    """The program that read standard output has ended: nobody is left to tell."""


class OutputError(CommandError):
    """Standard output takes nothing more."""


class _Descriptor(io.RawIOBase):
    """A descriptor to write to. After an error it takes everything and drops it, so that each is told once.

    Parameters
    ----------
    number : int
        The descriptor.
    carries_results : bool
        Whether an error is raised, or passed over in silence.
    """

    def __init__(self, number: int, *, carries_results: bool) -> None:
        super().__init__()
        self._number = number
        self._carries_results = carries_results
        self._is_dead = False

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        view = memoryview(data)
        if self._is_dead:
            return view.nbytes
        try:
            return self._send(view)
        except OSError as error:
            self._is_dead = True
            if not self._carries_results:
                return view.nbytes
            if isinstance(error, BrokenPipeError):
                raise ReaderGoneError from None
            raise OutputError(f"standard output: {error.strerror}", exit_code=EXIT_FAILED) from error

    def _send(self, view: memoryview) -> int:
        while True:
            try:
                return os.write(self._number, view)
            except BlockingIOError:  # another program has made the pipe or terminal non-blocking
                select.select([], [self._number], [])


def use_standard_streams() -> None:
    """Write to standard output and standard error of this process in this way from now on."""
    while (number := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        pass  # what was closed (`>&-`) must not become a file that the command opens
    os.close(number)
    sys.stdout = _stream(sys.stdout, 1, carries_results=True)
    sys.stderr = _stream(sys.stderr, 2, carries_results=False)


def _stream(before: TextIO | None, number: int, *, carries_results: bool) -> TextIO:
    if before is not None:
        before.flush()
    buffer = io.BufferedWriter(_Descriptor(number, carries_results=carries_results))
    # A path may hold bytes that are no text: it is shown escaped rather than not at all. So is what the encoding lacks.
    return io.TextIOWrapper(
        buffer,
        encoding=getattr(before, "encoding", None) or "utf-8",
        errors="backslashreplace",
        line_buffering=not carries_results or os.isatty(number),
    )
