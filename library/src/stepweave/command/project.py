"""The project that the command works on: where its app is and where its local state goes."""

import sys
from dataclasses import dataclass
from pathlib import Path

from stepweave.cdk.naming import Names
from stepweave.cdk.project_settings import names_of, read_project
from stepweave.command.errors import CommandError

_MARKS = ("app.py", "cdk.json", "state_machines")
_INSTALLED = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Project:
    """A Stepweave project.

    Parameters
    ----------
    root : Path
        The folder that holds ``app.py``, ``cdk.json`` and ``state_machines/``.
    """

    root: Path

    @property
    def state(self) -> Path:
        """The folder of everything that is made locally and may be deleted."""
        return self.root / ".stepweave"

    @property
    def assembly(self) -> Path:
        """The folder into which the app is synthesized."""
        return self.state / "cdk.out"


def find_project(start: Path, installed: Path = _INSTALLED) -> Project | None:
    """Find the project that a folder belongs to, else the one that the command was installed from.

    Parameters
    ----------
    start : Path
        The folder from which to look upward.
    installed : Path
        The folder that holds the packages of this command.

    Returns
    -------
    Project | None
        None if neither is a Stepweave project. Another CDK app (no ``state_machines/``) is not taken for one:
        ``stepweave run code-review --repo .`` may be called inside any repository.
    """
    start = start.resolve()
    for folder in (start, *start.parents, installed):
        if all((folder / mark).exists() for mark in _MARKS):
            return Project(folder)
    return None


def require_project() -> Project:
    """Find the project of the current folder, and import its packages from now on.

    Raises
    ------
    CommandError
        If there is none.
    """
    project = find_project(Path.cwd())
    if project is None:
        raise CommandError(
            f"no Stepweave project at {Path.cwd()} or above it",
            "change into a clone of Stepweave: the folder that holds app.py, cdk.json and state_machines/",
        )
    return project


def project_names(environment: str | None = None) -> Names:
    """Return the names of what is deployed of the current folder's project.

    Parameters
    ----------
    environment : str | None
        The environment that was asked for; if None, what ``STEPWEAVE_ENVIRONMENT`` or the project says.

    Raises
    ------
    SynthesisError
        If the project's ``pyproject.toml`` cannot be read, or a name cannot be used.
    """
    project = find_project(Path.cwd())
    return names_of({} if project is None else read_project(project.root), environment)


def use_project_packages() -> None:
    """Let `state_machines`, `lambdas` and `stacks` come from the project of the current folder.

    The command may be installed from another clone than the one that it is called in; what `python app.py` there
    would deploy is what `list`, `synth` and `run` speak of.
    """
    project = find_project(Path.cwd())
    if project is not None and project.root != _INSTALLED:
        sys.path.insert(0, str(project.root))
