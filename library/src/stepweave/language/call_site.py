"""Finds the line of the author's source that called into the language."""

import sys
from pathlib import Path

from stepweave.graph.location import SourceLocation

_OWN_FOLDERS = (
    str(Path(__file__).resolve().parent),
    str(Path(__file__).resolve().parents[2] / "lambdas" / "contract"),
)


def call_site() -> SourceLocation | None:
    """Return the innermost line on the call stack that belongs neither to the language nor to the contracts."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((*_OWN_FOLDERS, "<")):
            return SourceLocation(shown(file), frame.f_lineno)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def shown(file: str) -> str:
    """Return a file's path as an author would write it: relative to the current directory if it is below it."""
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
