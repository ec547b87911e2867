"""The repository's own settings of bandit, read as data.

They are taken from ``.bandit``, whose section ``[bandit]`` bandit obeys by itself, else from ``[tool.bandit]`` of
``pyproject.toml``. Of all that may stand there, what says which findings count is obeyed: the tests to run and to skip,
the paths to leave out, and the options of single tests. What says where to read, and what and where to write, is not.
"""

import configparser
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from bandit.core.config import BanditConfig
from bandit.core.extension_loader import MANAGER

from lambdas.shared.repository.contract import ToolSettings
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.tool_settings import SettingsError, Table, inside, read_text, read_toml, table, texts

_INI, _TOML = ".bandit", "pyproject.toml"
_DEFAULT_EXCLUDED = ("./.git/",)


@dataclass(frozen=True)
class BanditSettings:
    """What counts when a tree is scanned.

    Parameters
    ----------
    source : ToolSettings
        Where it is from.
    tests, skips : frozenset[str]
        Ids of the tests to run, all if empty, and of those not to run.
    excluded : tuple[str, ...]
        Patterns of paths, and parts of paths, that are left out. Paths begin with ``./``.
    options : Mapping[str, object]
        Options of single tests, by the name under which a test looks for them.
    """

    source: ToolSettings = field(default_factory=ToolSettings)
    tests: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    excluded: tuple[str, ...] = _DEFAULT_EXCLUDED
    options: Mapping[str, object] = field(default_factory=dict)

    def excludes(self, path: str) -> bool:
        """Tell whether a file, named relative to the top, is left out."""
        name = os.path.join(".", path)  # noqa: PTH118  - as bandit names it; pathlib would drop the dot
        return any(pattern in name or fnmatch(name, pattern) for pattern in self.excluded)

    def profile(self) -> dict[str, set[str]]:
        """Return the tests to run and to skip as bandit takes them."""
        return {"include": set(self.tests), "exclude": set(self.skips)}

    def config(self) -> BanditConfig:
        """Return the options of single tests as bandit takes them."""
        config = BanditConfig()
        config.config.update(self.options)
        return config


def bandit_settings(tree: Path) -> BanditSettings:
    """Read the settings of a tree; those that cannot be understood are left out, all together.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    """
    try:
        if os.path.lexists(tree / _INI):
            return _from_ini(tree)
        if os.path.lexists(tree / _TOML):
            return _from_toml(tree)
    except SettingsError as error:
        return BanditSettings(ToolSettings(problem=display_name(str(error))))
    return BanditSettings()


def _from_ini(tree: Path) -> BanditSettings:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(tree, _INI), _INI)
        section = dict(parser.items("bandit"))
    except configparser.Error as error:
        raise SettingsError(f"{_INI}: {' '.join(str(error).split())[:200]}") from error
    excluded = _listed(section, "exclude")
    return BanditSettings(
        ToolSettings(files=(_INI,)),
        tests=frozenset(_listed(section, "tests")),
        skips=frozenset(_listed(section, "skips")),
        excluded=tuple(_as_pattern(tree, path) for path in excluded) or _DEFAULT_EXCLUDED,
    )


def _from_toml(tree: Path) -> BanditSettings:
    settings = table(read_toml(tree, _TOML), "tool", "bandit")
    if not settings:
        return BanditSettings()
    return BanditSettings(
        ToolSettings(files=(_TOML,)),
        tests=frozenset(texts(settings, _TOML, "tests")),
        skips=frozenset(texts(settings, _TOML, "skips")),
        excluded=(*texts(settings, _TOML, "exclude_dirs"), *_DEFAULT_EXCLUDED),
        options=_options(settings),
    )


def _options(settings: Table) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in _names_of_options() & settings.keys():
        if not isinstance(settings[name], dict):
            raise SettingsError(f"{_TOML}: {name} must be a table")
        found[name] = settings[name]
    return found


@functools.cache
def _names_of_options() -> frozenset[str]:
    return frozenset(
        plugin.plugin._takes_config  # noqa: SLF001  - where bandit keeps it
        for plugin in MANAGER.plugins
        if hasattr(plugin.plugin, "_takes_config")
    )


def _listed(section: Mapping[str, str], key: str) -> list[str]:
    return [item.strip() for item in section.get(key, "").split(",") if item.strip()]


def _as_pattern(tree: Path, path: str) -> str:
    """Return what bandit makes of a path in an INI file: what is in it, if it is a directory."""
    try:
        is_directory = (tree / inside(tree, "", path)).is_dir()
    except SettingsError:
        return path  # a part of names, such as /tests
    return os.path.join(path, "*") if is_directory else path  # noqa: PTH118
