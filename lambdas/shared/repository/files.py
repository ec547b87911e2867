"""The Python files of a repository, and how to show a name that is not valid UTF-8."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePath


def python_files(tree: Path, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """List the Python files of a tree.

    Parameters
    ----------
    tree : Path
        The top of the tree.
    suffixes : tuple[str, ...]
        What the names of the files end with.

    Returns
    -------
    list[Path]
        The regular files, each below `tree`, ordered by the bytes of their names. Symbolic links are left out:
        what they lead to is in the tree itself.
    """
    return sorted((Path(file) for file in _regular_files(os.fspath(tree)) if file.endswith(suffixes)), key=os.fsencode)


def display_name(name: str | PurePath) -> str:
    r"""Return a file's name as valid Unicode: a byte that is not UTF-8 is shown as ``\xff``.

    Example
    -------
    >>> print(display_name("caf\udce9.py"))
    caf\xe9.py
    """
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _regular_files(directory: str) -> Iterator[str]:
    pending = [directory]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path
