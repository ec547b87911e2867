"""What a project says of itself: the table ``[tool.stepweave]`` of its ``pyproject.toml``."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, DEFAULT_NAMESPACE, Names

ENVIRONMENT_VARIABLE: Final = "STEPWEAVE_ENVIRONMENT"
"""Names the environment where neither the command nor the CDK is told."""

PROJECT: Final = Path(__file__).resolve().parents[1]
"""The project whose stacks these are."""

FOLDERS: Final = frozenset({"agents", "workflows"})
"""Keys of the table that say where things are."""


def read_project(root: Path) -> Mapping[str, object]:
    """Return the table of a project; empty if it has none.

    Parameters
    ----------
    root : Path
        The folder of its ``pyproject.toml``.

    Raises
    ------
    SynthesisError
        If the file cannot be read.
    """
    file = root / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SynthesisError(f"{file}: cannot be read: {error}") from error
    tool = document.get("tool")
    table = tool.get("stepweave", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SynthesisError(f"{file}: [tool.stepweave] must be a table")
    return table


def names_of(project: Mapping[str, object], environment: str | None = None) -> Names:
    """Return the names of a deployment of a project.

    Parameters
    ----------
    project : Mapping[str, object]
        What the project says of itself.
    environment : str | None
        The environment that was asked for; if None or empty, that of ``STEPWEAVE_ENVIRONMENT``, else that of the
        project, else the default one.

    Raises
    ------
    SynthesisError
        If the namespace or the environment is spelled wrongly, or both together are too long.
    """
    chosen = environment or os.environ.get(ENVIRONMENT_VARIABLE) or _text(project, "environment", DEFAULT_ENVIRONMENT)
    return Names(_text(project, "namespace", DEFAULT_NAMESPACE), chosen)


def _text(project: Mapping[str, object], key: str, otherwise: str) -> str:
    value = project.get(key, otherwise)
    if not isinstance(value, str):
        raise SynthesisError(f"pyproject.toml: [tool.stepweave] {key} must be text, not {value!r}")
    return value
