"""The file through which worker processes know how far the clock is ahead."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Final, Self

_DOUBLE: Final = struct.Struct("d")


class SharedOffset:
    """Seconds in a file, which processes map into their memory.

    Parameters
    ----------
    path
        The file to make.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        path.write_bytes(_DOUBLE.pack(0.0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _DOUBLE.size)

    def write(self, seconds: float) -> None:
        """Say how far the clock is ahead; whoever reads gets either the old value or the new one."""
        _DOUBLE.pack_into(self._memory, 0, seconds)

    def close(self) -> None:
        """Write no more."""
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
