"""Finds the line of the author's source that called into the language."""

import sys
import sysconfig
import traceback
from pathlib import Path

from stepweave.graph.location import SourceLocation

_OWN_FOLDERS = (
    str(Path(__file__).resolve().parent),
    str(Path(__file__).resolve().parents[1] / "contract"),
)
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def call_site() -> SourceLocation | None:
    """Return the innermost line on the call stack that is an author's: neither ours nor a library's."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame is not None:
        file = frame.f_code.co_filename
        if not is_own(file) and not file.startswith(_LIBRARIES):
            return SourceLocation(shown(file), frame.f_lineno)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def is_own(file: str) -> bool:
    """Tell whether a file belongs to the language or to the contracts, or is none at all."""
    return file.startswith((*_OWN_FOLDERS, "<"))


def raised_at(error: BaseException) -> SourceLocation | None:
    """Return the innermost line that an error passed through and that is an author's: neither ours nor a library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((*_OWN_FOLDERS, *_LIBRARIES, "<")):
            return SourceLocation(shown(frame.filename), frame.lineno or 1)
    return None


def shown(file: str) -> str:
    """Return a file's path as an author would write it: relative to the current directory if it is below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
