"""The workflows of a project: every ``@workflow`` function of a module in its folder of workflows."""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import raised_at, shown
from stepweave.language.workflow import Workflow
from stepweave.project.settings import Project, require_project


def workflows(project: Project | None = None) -> Mapping[str, Workflow]:
    """Return the workflows by name.

    Parameters
    ----------
    project : Project | None
        Whose workflows; that of the current folder if not given. Its packages are imported from its own folder.

    Raises
    ------
    WorkflowError
        If a module cannot be imported, or if two workflows have the same name.
    ProjectError
        If there is no project.
    """
    project = require_project() if project is None else project
    project.use()
    found: dict[str, Workflow] = {}
    folder = project.workflows_folder
    for info in sorted(pkgutil.iter_modules([str(folder)]), key=lambda info: info.name):
        module = _load(f"{project.workflows}.{info.name}", folder / f"{info.name}.py")
        for workflow in vars(module).values():
            if not isinstance(workflow, Workflow) or workflow.module != module.__name__:
                continue
            if workflow.name in found:
                raise WorkflowError(
                    f"two workflows are called {workflow.name!r}, the other one at {found[workflow.name].location}",
                    workflow.location,
                    "rename one of the functions",
                )
            found[workflow.name] = workflow
    return found


def _load(name: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except WorkflowError:
        raise
    except SyntaxError as error:
        where = SourceLocation(shown(error.filename or str(file)), error.lineno or 1)
        raise WorkflowError(f"{type(error).__name__}: {error.msg}", where) from error
    except Exception as error:
        where = raised_at(error) or SourceLocation(shown(str(file)), 1)
        raise WorkflowError(
            f"{type(error).__name__} while workflow module {name!r} was imported: {error}", where
        ) from error
