"""Pack a directory into a zip archive, fast and always to the same bytes."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say
_FILE_MODE: Final = 0o644
_EXECUTABLE_MODE: Final = 0o755


def write_archive(directory: Path, target: IO[bytes]) -> None:
    """Write all files below a directory to an archive.

    Nothing is compressed: the archive goes from one process of this machine to another, and is unpacked at once. Names
    are sorted and times left out, so that equal trees give equal archives. Links are followed.

    Parameters
    ----------
    directory
        What to pack; names in the archive are relative to it.
    target
        A binary file to write to.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(_files(directory)):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), _EPOCH)
            is_executable = path.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (_EXECUTABLE_MODE if is_executable else _FILE_MODE)) << 16
            archive.writestr(entry, path.read_bytes())


def _files(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory, followlinks=True):
        yield from (Path(folder, name) for name in names)
