"""Which of a project's files an agent's function needs: its own, what all agents share, and what it imports."""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Final

import stepweave
from stepweave.cdk.bundling.imports import every_import, read_imports
from stepweave.cdk.bundling.module_files import ModuleFiles, packages_and
from stepweave.cdk.bundling.standard_library import standard_library
from stepweave.cdk.bundling.target import Target
from stepweave.cdk.errors import SynthesisError
from stepweave.project.settings import Project

SHARED: Final = "shared"
"""The folder, among those of the agents, that is in every bundle."""

_VIRTUAL_ENVIRONMENT: Final = "pyvenv.cfg"
_OF_AGENT: Final = frozenset({"__init__.py", "contract.py"})
"""The files of an agent's folder by which others know it."""


def project_files(project: Project, agent: str, target: Target) -> list[Path]:
    """Return the files of a project that belong into an agent's bundle, relative to the project, in order.

    Of what lies outside its folder and the shared one, these are the contracts of all agents and what its modules
    import: a module, with those that it imports in turn; and if that lies in a package, the whole package, with its
    data. Of another agent's folder it takes only the modules that are imported, and the data beside them.

    Parameters
    ----------
    project : Project
    agent : str
        The agent's name.
    target : Target
        What runs it.

    Raises
    ------
    SynthesisError
        If a module that it imports is not valid Python, or is called like one of the standard library.
    """
    folder = project.agents_folder
    taken = {file for file in _files(folder) if _always(file.relative_to(folder).parts, agent)}
    for part in {project.root / part for part in _imported_parts(project, agent, target)}:
        taken.update([part] if part.is_file() else _files(part))
    return sorted(file.relative_to(project.root) for file in taken)


def _always(parts: tuple[str, ...], agent: str) -> bool:
    first, *rest = parts
    return first in {SHARED, agent} or not rest or (len(rest) == 1 and rest[0] in _OF_AGENT)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, but for those of virtual environments."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    environments = {file.parent for file in found if file.name == _VIRTUAL_ENVIRONMENT}
    return (file for file in found if environments.isdisjoint(file.parents))


def _imported_parts(project: Project, agent: str, target: Target) -> Iterator[PurePath]:
    """Yield the files and folders, relative to the project, that an agent's modules import from."""
    agents = project.agents_folder.relative_to(project.root)
    for file in _imported_files(project.root, agents / agent / "handler.py", target):
        part = _part(file, agents)
        other = project.root / part
        if part == agents / agent or not (other / "handler.py").is_file() or other.parent != project.agents_folder:
            yield part
            continue
        yield file
        if file.name not in _OF_AGENT:
            yield from (each.relative_to(project.root) for each in _files(other) if each.suffix != ".py")


def _part(file: PurePath, agents: PurePath) -> PurePath:
    """Return the outermost file or folder that holds a file, and not all agents."""
    outside = [file, *file.parents][::-1][1:]
    return next(each for each in outside if each != agents and each not in agents.parents)


def _imported_files(root: Path, start: PurePath, target: Target) -> list[PurePath]:
    """Return the files of the project that a file imports, directly or not, whatever happens at run time."""
    files, standard = ModuleFiles(root), standard_library(target)
    found, pending = {start}, [start]
    while pending:
        file = pending.pop()
        if file.suffix != ".py":
            continue
        for each in every_import(read_imports((root / file).read_bytes(), file, target)):
            top = each.module.partition(".")[0]
            if top in standard:
                _refuse_double(files, top, f"{file.as_posix()}:{each.line}")
            elif top != stepweave.__name__:
                modules = [*packages_and(each.module), *(f"{each.module}.{name}" for name in each.names)]
                new = {imported for module in modules if (imported := files.file_of(module))} - found
                found |= new
                pending += sorted(new)
    return sorted(found)


def _refuse_double(files: ModuleFiles, module: str, where: str) -> None:
    own = files.file_of(module)
    if own is not None:
        raise SynthesisError(
            f"{where}: imports {module}, which is both {own.as_posix()} of the project and a module of Python's "
            "standard library; rename the project's"
        )
