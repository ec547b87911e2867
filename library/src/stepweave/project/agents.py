"""The agents of a project, by name: those in its folder of agents, and the library's own."""

import importlib
from pathlib import Path
from typing import Any, Final

from stepweave.contract.agent import Agent
from stepweave.project.settings import Project, require_project

LIBRARY_AGENTS: Final = ("replayer",)
"""Agents that belong to the library: their folders are in ``stepweave.functions``."""

_FUNCTIONS: Final = "stepweave.functions"


def agent_names(project: Project | None = None) -> list[str]:
    """Return the names of all agents: the folders that hold a contract and a handler, and the library's own."""
    project = require_project() if project is None else project
    folders = (path.parent for path in project.agents_folder.glob("*/contract.py"))
    return sorted({*LIBRARY_AGENTS, *(folder.name for folder in folders if (folder / "handler.py").is_file())})


def agent_package(name: str, project: Project | None = None) -> str:
    """Return the package of an agent, for example ``lambdas.reader``."""
    project = require_project() if project is None else project
    if name in LIBRARY_AGENTS and not (project.agents_folder / name / "contract.py").is_file():
        return f"{_FUNCTIONS}.{name}"
    return f"{project.agents}.{name}"


def contract_file(name: str, project: Project | None = None) -> str:
    """Return where an agent's contract is or ought to be, as a person would write it."""
    return str(Path(*agent_package(name, project).split("."), "contract.py"))


def agent_contract(name: str, project: Project | None = None) -> Agent[Any, Any] | None:
    """Return the contract that an agent's folder defines; None if its ``contract.py`` defines none of that name.

    Raises
    ------
    Exception
        Whatever the import of ``contract.py`` raises.
    """
    project = require_project() if project is None else project
    project.use()
    module = importlib.import_module(f"{agent_package(name, project)}.contract")
    return next((value for value in vars(module).values() if isinstance(value, Agent) and value.name == name), None)
