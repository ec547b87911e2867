"""The workflows of this project: every ``@workflow`` function of a module in this folder."""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import raised_at, shown
from stepweave.language.workflow import Workflow


def workflows() -> Mapping[str, Workflow]:
    """Return the workflows by name.

    Raises
    ------
    WorkflowError
        If a module cannot be imported, or if two workflows have the same name.
    """
    found: dict[str, Workflow] = {}
    folder = Path(__file__).parent
    for info in sorted(pkgutil.iter_modules([str(folder)]), key=lambda info: info.name):
        module = _load(info.name, folder / f"{info.name}.py")
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
        return importlib.import_module(f"{__package__}.{name}")
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
