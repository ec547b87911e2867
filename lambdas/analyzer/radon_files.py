"""Which files radon measures.

Radon's own listing comes only with its command line, which reads configuration where it is imported.
"""

import os
from pathlib import Path

_SHEBANG_CHARACTERS = 4096


def radon_files(tree: Path) -> list[str]:
    """List the files that ``radon cc .`` measures, relative to `tree`, ordered by name.

    Those are the files called ``*.py`` and those that start with ``#!`` and name Python in that line; not the hidden
    ones, and none in hidden directories.
    """
    found: list[str] = []
    for directory, subdirectories, files in os.walk(tree):
        subdirectories[:] = [name for name in subdirectories if not name.startswith(".")]
        for name in files:
            path = Path(directory, name)
            if not name.startswith(".") and (name.endswith(".py") or _runs_python(path)):
                found.append(str(path.relative_to(tree)))
    return sorted(found)


def _runs_python(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open(encoding="utf-8") as file:
            first = file.readline(_SHEBANG_CHARACTERS)
    except (OSError, UnicodeDecodeError):
        return False
    return first.startswith("#!") and "python" in first
