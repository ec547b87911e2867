"""What is seldom looked at again waits in a file instead of in memory."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import Final

_SMALLEST: Final = 8  # 256 bytes, as a power of two


class Filed:
    """Bytes in a file; who lets go of this gives their place back.

    Attributes
    ----------
    length
        How many they are.
    """

    __slots__ = ("_offset", "_spool", "length")

    def __init__(self, spool: Spool, offset: int, length: int) -> None:
        self._spool = spool
        self._offset = offset
        self.length = length

    def read(self) -> bytes:
        """Return them."""
        return self._spool._read(self._offset, self.length)  # noqa: SLF001 - the two are one thing

    def __del__(self) -> None:
        self._spool._free(self._offset, self.length)  # noqa: SLF001 - as above


class Spool:
    """A file without a name. Thread-safe; the system removes the file when nothing of it is referred to any more.

    Places are powers of two in size, and those that were given back are used again.

    Example
    -------
    >>> Spool().put(b"seldom looked at").read()
    b'seldom looked at'
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="stepweave-", buffering=0)  # noqa: SIM115 - open as long as this is
        self._lock = threading.Lock()
        self._end = 0
        # Changed by single steps alone: a place is given back wherever the last reference goes, under the lock too.
        self._freed: Final[tuple[list[int], ...]] = tuple([] for _ in range(64))

    def put(self, data: bytes) -> Filed:
        """Write bytes down.

        Raises
        ------
        OSError
            If the disk is full.
        """
        power = _power(len(data))
        try:
            offset = self._freed[power].pop()
        except IndexError:
            with self._lock:
                offset = self._end
                self._end += 1 << power
        written = 0
        while written < len(data):
            written += os.pwrite(self._file.fileno(), data[written:], offset + written)
        return Filed(self, offset, len(data))

    def _read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file.fileno(), length, offset)
        while len(data) < length:
            data += os.pread(self._file.fileno(), length - len(data), offset + len(data))
        return data

    def _free(self, offset: int, length: int) -> None:
        self._freed[_power(length)].append(offset)


def _power(length: int) -> int:
    return max(_SMALLEST, (length - 1).bit_length())
