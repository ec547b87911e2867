"""The repository's own settings of ruff: which files hold them, and whether ruff may be let read them.

Ruff takes the nearest file of settings of each file that it checks, and what that file extends. Nothing in them runs
code, but they name paths: what they extend and where sources are may lie anywhere on the machine. So each file is
read as data first, and one path that leads out of the tree makes the whole review ignore them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from lambdas.shared.repository.contract import ToolSettings
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.tool_settings import SettingsError, Table, inside, read_toml, table, texts

_NAMES = (".ruff.toml", "ruff.toml", "pyproject.toml")


def ruff_settings(tree: Path) -> ToolSettings:
    """Find the files of a tree that hold settings of ruff.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.

    Returns
    -------
    ToolSettings
        The files, those at the top first; none, and the problem, if they must not count.
    """
    found: list[str] = []
    try:
        for name in _candidates(tree):
            settings = read_toml(tree, name)
            own = table(settings, "tool", "ruff") if name.endswith("pyproject.toml") else settings
            if own:
                _check(tree, name, own)
                found.append(display_name(name))
    except SettingsError as error:
        return ToolSettings(problem=display_name(str(error)))
    return ToolSettings(files=tuple(found))


def fence(tree: Path) -> None:
    """Keep ruff from looking for settings above the tree: those of the directory above it, made here, are empty."""
    (tree.parent / "ruff.toml").touch()


def _candidates(tree: Path) -> Iterator[str]:
    for directory, subdirectories, files in os.walk(tree):
        subdirectories[:] = sorted(name for name in subdirectories if name != ".git")
        yield from (os.path.relpath(os.path.join(directory, name), tree) for name in _NAMES if name in files)  # noqa: PTH118


def _check(tree: Path, name: str, settings: Table) -> None:
    """Make sure that all paths in a file of settings, and in those that it extends, stay inside the tree."""
    checked = {name}
    while True:
        folder = os.path.dirname(name)  # noqa: PTH120
        for source in texts(settings, name, "src"):
            _inside(tree, name, folder, source)
        extended = settings.get("extend")
        if extended is None:
            return
        if not isinstance(extended, str):
            raise SettingsError(f"{name}: extend must be a path")
        name = _inside(tree, name, folder, extended)
        if name in checked:
            raise SettingsError(f"{name}: extends itself")
        checked.add(name)
        settings = read_toml(tree, name)
        if name.endswith("pyproject.toml"):
            settings = table(settings, "tool", "ruff")


def _inside(tree: Path, name: str, folder: str, written: str) -> str:
    try:
        return inside(tree, folder, written)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error
