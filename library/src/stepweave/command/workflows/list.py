"""``stepweave list``: the workflows and what they take."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stepweave.language.inputs import InputField


def list_workflows(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead of text for people.")] = False,
) -> None:
    """Show the workflows of this project: what they do, what they take and what they return."""
    from stepweave.command.terminal.console import standard_output, styled
    from stepweave.language.types import type_name
    from stepweave.project.catalog import workflows

    found = list(workflows().values())
    if as_json:
        entries = [
            {
                "name": workflow.name,
                "description": workflow.description,
                "inputs": {field.name: type_name(field.annotation) for field in workflow.inputs},
                "output": type_name(workflow.output),
                "tasks": [task.id for task in workflow.trace().tasks],
            }
            for workflow in found
        ]
        typer.echo(json.dumps(entries, indent=2))
        return
    console = standard_output()
    for workflow in found:
        console.print(styled(workflow.name, "bold"))
        console.print(styled(f"  {workflow.description}"), soft_wrap=True)
        for field in workflow.inputs:
            console.print(styled(_input_line(field)), soft_wrap=True)
        console.print(styled(f"  returns {type_name(workflow.output)}"), soft_wrap=True)
    if not found:
        console.print("no workflows: write a @workflow function in state_machines/workflows/")


def _input_line(field: "InputField") -> str:
    from stepweave.command.input_options import option_of
    from stepweave.command.run.inputs import takes_repository
    from stepweave.language.types import type_name

    how = "--repo PATH" if takes_repository(field.annotation) else f"--input '{{\"{field.name}\": ...}}'"
    if field.default is not None:
        how = f"{option_of(field)}, default {json.dumps(field.default.value)}"
    return f"  input {field.name}: {type_name(field.annotation)} ({how})"
