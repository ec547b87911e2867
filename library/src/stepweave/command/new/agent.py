"""Add an agent to a project."""

import tempfile
from pathlib import Path
from typing import Final

import stepweave.functions
from stepweave.command.errors import CommandError
from stepweave.command.new.formatting import format_files
from stepweave.command.new.name import checked_name
from stepweave.command.template import fill
from stepweave.command.terminal.file_writing import writing
from stepweave.project.settings import Project

_TEMPLATE: Final = Path(__file__).parent / "template" / "agent"
_SHARED: Final = "shared"


def add_agent(project: Project, name: str) -> list[Path]:
    """Make the folder of a new agent, and return its files.

    Raises
    ------
    CommandError
        If the name will not do, or something of that name is there. Nothing is left behind then.
    """
    agent = checked_name("an agent", name)
    folder = project.agents_folder / agent
    if agent == _SHARED:
        raise CommandError(f"{agent!r} cannot be the name of an agent: agents share the code there", "choose another")
    if agent in _library_functions():
        raise CommandError(
            f"{agent!r} cannot be the name of an agent: Stepweave has a function of it", "choose another"
        )
    for taken in (folder, folder.with_suffix(".py")):
        if taken.exists() or taken.is_symlink():
            raise CommandError(f"{taken.relative_to(project.root)} is there already", "choose another name")
    title = "".join(part.capitalize() for part in agent.split("_"))
    with writing(folder):
        project.agents_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{agent}-", dir=project.agents_folder) as scratch:
            made = Path(scratch, agent)
            fill(_TEMPLATE, made, {"agent": agent, "title": title, "package": f"{project.agents}.{agent}"})
            made.rename(folder)
    files = sorted(folder.iterdir())
    format_files(project, files)
    return files


def _library_functions() -> frozenset[str]:
    """Return the names of Stepweave's own functions, beside which agents are deployed."""
    return frozenset(
        handler.parent.name for path in stepweave.functions.__path__ for handler in Path(path).glob("*/handler.py")
    )
