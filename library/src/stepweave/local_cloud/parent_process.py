"""Notices the end of the program that started this process, whichever way it went."""

from __future__ import annotations

import os
from typing import Final

STANDARD_INPUT: Final = 0


class ParentProcess:
    """The program at the other end of standard input, a pipe that closes with it.

    A process that this program forked may hold the pipe open longer. So its process id counts too: when it ends, this
    process gets another parent.
    """

    def __init__(self) -> None:
        self._id: Final = os.getppid()

    def fileno(self) -> int:
        """Return what becomes readable when it ends or says something."""
        return STANDARD_INPUT

    def has_ended(self, *, is_readable: bool) -> bool:
        """Tell whether it has ended, or closed the pipe; what it says is read and means nothing."""
        if os.getppid() != self._id:
            return True
        return is_readable and not os.read(STANDARD_INPUT, 4096)
