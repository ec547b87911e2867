"""A project of Stepweave, and what its ``pyproject.toml`` says of where things are."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from stepweave.project.errors import ProjectError

PROJECT_VARIABLE: Final = "STEPWEAVE_PROJECT"
"""Names the project's folder for a command that is called from elsewhere."""

ENVIRONMENT_VARIABLE: Final = "STEPWEAVE_ENVIRONMENT"
"""Names the environment where neither the command nor the CDK is told."""

_TABLE: Final = "tool.stepweave"
_NAMESPACE: Final = re.compile(r"[a-z][a-z0-9]{0,21}")
_KEYS: Final = ("namespace", "agents", "workflows")


@dataclass(frozen=True)
class Project:
    """A project: a folder whose ``pyproject.toml`` has a table ``[tool.stepweave]``.

    Parameters
    ----------
    root : Path
        The folder.
    namespace : str
        With what the names of all that is deployed begin: lower-case letters and digits, a letter first.
    agents : str
        The package of the agents, a folder below `root`; each agent is a folder in it.
    workflows : str
        The package of the workflows, a folder below `root`.
    settings : Mapping[str, object]
        What else the table says: what may be chosen about a deployment.
    """

    root: Path
    namespace: str
    agents: str = "lambdas"
    workflows: str = "state_machines"
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def agents_folder(self) -> Path:
        """The folder of the agents."""
        return self.root.joinpath(*self.agents.split("."))

    @property
    def workflows_folder(self) -> Path:
        """The folder of the workflows."""
        return self.root.joinpath(*self.workflows.split("."))

    @property
    def state(self) -> Path:
        """The folder of everything that is made locally and may be deleted."""
        return self.root / ".stepweave"

    @property
    def assembly(self) -> Path:
        """The folder into which the app is synthesized."""
        return self.state / "cdk.out"

    @property
    def bundles(self) -> Path:
        """The folder that keeps the bundles of the functions."""
        return self.state / "bundles"

    def use(self) -> None:
        """Import the project's packages from its own folder from now on."""
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))


def is_namespace(text: str) -> bool:
    """Tell whether the names of all that is deployed can begin with a text.

    Example
    -------
    >>> is_namespace("claims"), is_namespace("Claims")
    (True, False)
    """
    return _NAMESPACE.fullmatch(text) is not None


def find_project(start: Path | None = None) -> Project | None:
    """Find the project that a folder belongs to.

    Parameters
    ----------
    start : Path | None
        The folder from which to look upward, the current one if not given; unless the environment names the project:
        ``STEPWEAVE_PROJECT``.

    Raises
    ------
    ProjectError
        If a setting cannot be used, or the environment names a folder that is no project.
    """
    named = os.environ.get(PROJECT_VARIABLE)
    if named:
        project = _project_at(Path(named).resolve())
        if project is None:
            raise ProjectError(f"{PROJECT_VARIABLE}={named}: no pyproject.toml with a table [{_TABLE}] is there")
        return project
    start = _current_folder() if start is None else start.resolve()
    for folder in (start, *start.parents):
        project = _project_at(folder)
        if project is not None:
            return project
    return None


def require_project(start: Path | None = None) -> Project:
    """Find the project of a folder, the current one if none is given.

    Raises
    ------
    ProjectError
        If there is none, or its settings cannot be used.
    """
    start = _current_folder() if start is None else start
    project = find_project(start)
    if project is None:
        raise ProjectError(
            f"no Stepweave project at {start} or above it: no pyproject.toml there has a table [{_TABLE}]; change into "
            f"a project, name one by {PROJECT_VARIABLE}, or make one: stepweave init NAME"
        )
    return project


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:  # a shell may still be in a folder that was deleted
        raise ProjectError("the current folder no longer exists; change into another one") from error


def _project_at(folder: Path) -> Project | None:
    file = folder / "pyproject.toml"
    try:
        with file.open("rb") as opened:
            content = tomllib.load(opened)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return None  # another user's folder above the project
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: not valid TOML: {error}") from error
    tool = content.get("tool")
    table = tool.get("stepweave") if isinstance(tool, Mapping) else None
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ProjectError(f"{file}: [{_TABLE}] must be a table")
    rest = {key: value for key, value in table.items() if key not in _KEYS}
    for key in rest:
        # What may be chosen about a deployment is checked where it is used; a mistyped folder would never be.
        if close := get_close_matches(key, _KEYS, n=1, cutoff=0.8):
            raise ProjectError(f"{file}: [{_TABLE}] has no setting {key!r}; did you mean {close[0]}?")
    return Project(folder, **_checked(file, {key: table[key] for key in _KEYS if key in table}), settings=rest)


def _checked(file: Path, table: Mapping[str, object]) -> dict[str, str]:
    texts = {key: value for key, value in table.items() if isinstance(value, str)}
    for key, value in table.items():
        if key not in texts:
            raise ProjectError(f"{file}: [{_TABLE}] {key} must be text, not {value!r}")
    if "namespace" not in texts:
        raise ProjectError(f'{file}: [{_TABLE}] needs a namespace, for example namespace = "claims"')
    if not is_namespace(texts["namespace"]):
        raise ProjectError(
            f"{file}: [{_TABLE}] namespace {texts['namespace']!r}: use lower-case letters and digits, at most 22 "
            "characters, a letter first and no hyphens"
        )
    for key in ("agents", "workflows"):
        if key in texts:
            texts[key] = _package(file, key, texts[key])
    return texts


def _package(file: Path, key: str, value: str) -> str:
    dotted = value.rstrip("/").replace("/", ".")
    if not dotted or not all(part.isidentifier() for part in dotted.split(".")):
        raise ProjectError(f"{file}: [{_TABLE}] {key} = {value!r}: name a folder of the project that Python can import")
    first = dotted.partition(".")[0]
    if first in sys.stdlib_module_names or first == __name__.partition(".")[0]:
        raise ProjectError(f"{file}: [{_TABLE}] {key} = {value!r}: Python imports something else as {first}; rename it")
    return dotted
