"""The Python files of a repository, and how to show a name that is not valid UTF-8."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath

_UNDECODABLE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"[\ud800-\udfff]|\\x[89a-f][0-9a-f]|\\ud[89a-f][0-9a-f]{2}")


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

    Reports know files by what is returned here, so two names are never shown alike: where a name could be taken for one
    with such a byte, its backslashes are doubled.

    Example
    -------
    >>> print(display_name("caf\udce9.py"), display_name(r"caf\xe9.py"), display_name(r"a\b.py"))
    caf\xe9.py caf\\xe9.py a\b.py
    """
    text = _as_utf8(str(name))
    if not _ESCAPED.search(text):
        return text
    return _UNDECODABLE.sub(_escape, text.replace("\\", "\\\\"))


def _as_utf8(name: str) -> str:
    """Return a name as it would have been read where names of files are UTF-8, whatever the locale is here."""
    if sys.getfilesystemencoding() == "utf-8":
        return name
    try:
        return os.fsencode(name).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # it is no name that was read here
        return name


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _regular_files(directory: str) -> Iterator[str]:
    pending = [directory]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield entry.path
