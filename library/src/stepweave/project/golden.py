"""The compiled ASL that is committed beside each workflow, so that a change of either shows up in a review."""

from collections.abc import Mapping
from pathlib import Path

from stepweave.compiler.compile import compile_workflow
from stepweave.compiler.limits import definition_text
from stepweave.project.catalog import workflows
from stepweave.project.settings import Project


def golden_file(project: Project, workflow: str) -> Path:
    """Return where the compiled ASL of a workflow is kept, by the workflow's name."""
    return project.workflows_folder / f"{workflow.replace('-', '_')}.asl.json"


def golden_files(project: Project) -> dict[Path, str]:
    """Return the text that each golden file of a project ought to have.

    A workflow has one, ``NAME.asl.json``, and one for each of its nested executions: ``NAME.nested_1.asl.json``.

    Raises
    ------
    WorkflowError
        If a workflow cannot be compiled.
    """
    wanted: dict[Path, str] = {}
    for name, workflow in workflows(project).items():
        compiled = compile_workflow(workflow)
        file = golden_file(project, name)
        wanted[file] = compiled.to_json()
        for nested, definition in compiled.nested.items():
            wanted[file.with_name(file.name.replace(".", f".{nested}.", 1))] = definition_text(definition)
    return wanted


def out_of_date(project: Project) -> list[Path]:
    """Return the golden files that differ from what the compiler writes, and those that belong to no workflow."""
    return _stale(project, golden_files(project))


def write_golden_files(project: Project) -> list[Path]:
    """Bring the golden files up to date, and return those that were written or removed."""
    wanted = golden_files(project)
    stale = _stale(project, wanted)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
    return stale


def _stale(project: Project, wanted: Mapping[Path, str]) -> list[Path]:
    differing = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return differing + [path for path in sorted(project.workflows_folder.glob("*.asl.json")) if path not in wanted]
