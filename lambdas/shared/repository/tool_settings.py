"""Settings that a repository keeps for a tool: data of others, read within bounds and inside the tree."""

import os
import tomllib
from pathlib import Path
from typing import TypeAlias

_MOST_BYTES = 1024 * 1024

Table: TypeAlias = dict[str, object]


class SettingsError(Exception):
    """A repository's settings for a tool cannot be used; the message says which and why."""


def read_text(tree: Path, name: str) -> str:
    """Read a file of settings.

    Parameters
    ----------
    tree : Path
        The top of the repository's files.
    name : str
        The file, relative to it.

    Raises
    ------
    SettingsError
        If it is not in the tree, no regular file, larger than 1 MiB, or not UTF-8.
    """
    path = tree / inside(tree, "", name)
    try:
        if not path.is_file():
            raise SettingsError(f"{name}: there is no such file")
        if path.stat().st_size > _MOST_BYTES:
            raise SettingsError(f"{name}: larger than {_MOST_BYTES:,} bytes")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name}: not UTF-8 text, at byte {error.start}") from error


def read_toml(tree: Path, name: str) -> Table:
    """Read a TOML file of settings.

    Raises
    ------
    SettingsError
        If it cannot be read, or is no TOML.
    """
    text = read_text(tree, name)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{name}: not valid TOML: {str(error)[:200]}") from error


def table(settings: Table, *keys: str) -> Table:
    """Return the table under some keys; an empty one where there is none."""
    found: object = settings
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def texts(settings: Table, name: str, key: str) -> list[str]:
    """Return a setting that is a list of strings; an empty one where it is missing.

    Raises
    ------
    SettingsError
        If it is anything else.
    """
    value = settings.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{name}: {key} must be a list of strings")
    return [str(item) for item in value]


def inside(tree: Path, folder: str, written: str) -> str:
    """Return the path that a setting means, relative to the top of the tree.

    Parameters
    ----------
    tree : Path
        The top of the repository's files.
    folder : str
        What the path is relative to, itself relative to `tree`.
    written : str
        The path.

    Raises
    ------
    SettingsError
        If it leads out of the tree, of itself or by a symbolic link, or is one that a tool would expand.
    """
    if written.startswith(("/", "~")) or "$" in written or "\0" in written:
        raise SettingsError(f"{written[:100]!r} is not a path inside the repository")
    top = os.path.realpath(tree)
    try:
        real = os.path.realpath(Path(top, folder, written))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{written[:100]!r} is not a path inside the repository") from error
    lexical = os.path.normpath(Path(folder, written))
    if lexical.startswith("..") or not Path(real).is_relative_to(top):
        raise SettingsError(f"{written[:100]!r} leads out of the repository")
    return lexical
