"""Compile what an agent wants and what the runtime needs to one file of pins with hashes, by uv."""

import subprocess
from pathlib import Path
from typing import Final

import stepweave.runtime
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.init.project import TEMPLATE
from stepweave.project.settings import Project

_PINS: Final = Path("requirements", "stepweave.txt")
_OLDEST_PYTHON: Final = "3.11"


def wanted_files(project: Project) -> list[Path]:
    """Return the files in which agents say what they need, in order."""
    return sorted(project.agents_folder.glob("*/requirements.in"))


def compile_requirements(project: Project, wants: Path) -> Path:
    """Compile what one agent needs, and return the file that was written.

    What the agent has in common with the project's own environment gets the version of that environment, where the
    agent is tested.

    Raises
    ------
    CommandError
        If uv is not there, or cannot resolve it.
    """
    pins = wants.with_suffix(".txt")
    runtime = Path(stepweave.runtime.__file__).with_name("requirements.in")
    environment = project.root / _PINS
    command: list[str | Path] = [
        _uv(), "pip", "compile", "--quiet", "--universal", "--python-version", _OLDEST_PYTHON, "--generate-hashes",
        "--no-emit-index-url", "--no-emit-find-links", "--no-annotate",
        "--custom-compile-command", "stepweave requirements",
        "--constraints", environment if environment.is_file() else TEMPLATE / _PINS,
        "--output-file", pins.relative_to(project.root), wants.relative_to(project.root), runtime,
    ]  # fmt: skip
    ended = subprocess.run(command, cwd=project.root, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if ended.returncode != 0:
        raise CommandError(
            f"{wants.relative_to(project.root)}: uv could not resolve it:\n{ended.stderr.strip()}",
            "if it could not reach the package index: check the network, or name an index with UV_DEFAULT_INDEX",
            EXIT_FAILED,
        )
    return pins


def _uv() -> str:
    try:
        import uv
    except ImportError as error:
        raise CommandError(
            "uv, which resolves requirements, is not installed", "pip install 'stepweave[cdk]'"
        ) from error
    return str(uv.find_uv_bin())
