"""How much memory a process uses, where the system tells (Linux's /proc)."""

from __future__ import annotations

import contextlib
import os

_MIB_KB = 1024
_READ_BYTES = 16 * 1024


class ProcessMemory:
    """Tells of one process, again and again: after each call of a function, so with nothing that is not needed.

    Parameters
    ----------
    pid
        The process. Once it has ended, or where the system does not tell, every number is 0.

    Example
    -------
    >>> ProcessMemory(os.getpid()).resident_mb() > 1  # doctest: +SKIP
    True
    """

    def __init__(self, pid: int) -> None:
        self._status: int | None = None
        with contextlib.suppress(OSError):
            self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)

    def resident_mb(self) -> float:
        """The resident memory in MiB."""
        return self._kilobytes(b"VmRSS:") / _MIB_KB

    def peak_mb(self) -> int:
        """The largest resident memory so far in MiB, rounded up."""
        return -(-self._kilobytes(b"VmHWM:") // _MIB_KB)

    def close(self) -> None:
        """Look no more."""
        if self._status is not None:
            os.close(self._status)
            self._status = None

    def _kilobytes(self, name: bytes) -> int:
        if self._status is None:
            return 0
        try:
            # The system writes the file anew for whoever reads from its start.
            _, found, rest = os.pread(self._status, _READ_BYTES, 0).partition(name)
        except OSError:
            return 0
        return int(rest.split(maxsplit=1)[0]) if found else 0
