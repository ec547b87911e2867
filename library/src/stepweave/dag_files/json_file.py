"""Reads a JSON file that nobody has vouched for."""

import hashlib
import json
import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from stepweave.dag_files.errors import DagFileError, abbreviated

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A larger file is refused before it is read. 10,000 tasks take about 3 MB, recorded file lists included 30 MB."""

_AGAIN = "write the file anew"


@dataclass(frozen=True)
class JsonFile:
    """What a JSON file holds, and a digest of it."""

    value: JsonValue
    sha256: str


def read_json(path: Path) -> JsonFile:
    """Read a JSON file.

    ``NaN`` and ``Infinity``, which other programs write although JSON has none, are read: who uses a number checks it,
    and can say where it is.

    Raises
    ------
    DagFileError
        If the file cannot be read, is too large, or is no JSON text in UTF-8.
    """
    file = shown(path)
    content = _content(path, file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DagFileError(file, f"line {line}", f"not UTF-8 text, at byte {error.start}", "save it as UTF-8") from None
    try:
        value: JsonValue = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise _syntax_error(file, text, error) from None
    except RecursionError:
        raise DagFileError(
            file, "", "its values are nested too deeply", "a DAG file needs a handful of levels"
        ) from None
    except ValueError as error:
        raise DagFileError(file, "", f"not valid JSON: {error}", _AGAIN) from None
    return JsonFile(value, hashlib.sha256(content).hexdigest())


def shown(path: Path) -> str:
    """Return a path as it is written in messages; bytes that are no text are escaped."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode()


def _content(path: Path, file: str) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DagFileError(file, "", "this is a folder", "name one file in it")
        if not stat.S_ISREG(status.st_mode):
            raise DagFileError(file, "", "this is no regular file", "save what it holds to a file")
        with path.open("rb") as stream:
            # Looked at before it is read; and a file that grows meanwhile is not followed.
            content = b"" if status.st_size > MAX_FILE_BYTES else stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DagFileError(file, "", f"cannot be read: {error.strerror or error}", "check the path") from None
    except ValueError as error:
        raise DagFileError(file, "", f"is no path: {error}") from None
    size = max(status.st_size, len(content))
    if size > MAX_FILE_BYTES:
        raise DagFileError(
            file,
            "",
            f"it has {size:,} bytes, more than the {MAX_FILE_BYTES:,} that a DAG file may have",
            "leave out what is not about tasks, or split the graph",
        )
    return content


def _syntax_error(file: str, text: str, error: json.JSONDecodeError) -> DagFileError:
    # A text that has no end is reported where it begins, though it is the end that is missing.
    cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    remedy = "it may be cut off: copy it again" if text.strip() and cut_off else "correct it"
    problem = f"not valid JSON: {error.msg}" if text.strip() else "the file is empty"
    return DagFileError(file, f"line {error.lineno}, column {error.colno}", problem, remedy)


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has two fields {abbreviated(twice)}")
    return values
