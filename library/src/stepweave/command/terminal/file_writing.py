"""Write files so that a disk that is full, or a folder that cannot be written to, is told in one line."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stepweave.command.errors import EXIT_FAILED, EXIT_REFUSED, CommandError, first_line
from stepweave.command.explanation import file_name

_WRONG_PLACE: Final = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""Errors of a place at which nothing can be written, as against those of a disk or a device: full, broken."""


@contextmanager
def writing(place: Path, hint: str = "") -> Iterator[None]:
    """Name the place that could not be written to: the error of a write that fails names none itself.

    Parameters
    ----------
    place : Path
        The file or folder that is written to.
    hint : str
        What to do about it.

    Raises
    ------
    CommandError
        If the system refuses something.
    """
    try:
        yield
    except OSError as error:
        where = place if error.filename is None else file_name(error.filename)
        exit_code = EXIT_REFUSED if error.errno in _WRONG_PLACE else EXIT_FAILED
        raise CommandError(f"{where}: {error.strerror or first_line(error)}", hint, exit_code) from error


def replace_file(file: Path, text: str) -> None:
    """Write a file at once: whoever reads it sees what it held before or all of the new, and so it stays if this fails.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    scratch = tempfile.NamedTemporaryFile(  # noqa: SIM115 - it is closed before it is moved
        "w", dir=file.parent, prefix=f".{file.name}-", encoding="utf-8", delete=False
    )
    try:
        with scratch:
            scratch.write(text)
        Path(scratch.name).chmod(0o644)
        Path(scratch.name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(scratch.name).unlink()
        raise
