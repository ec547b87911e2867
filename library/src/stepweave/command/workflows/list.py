"""``stepweave list``: the workflows and what they take."""

import json
from typing import Annotated

import typer


def list_workflows(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead of text for people.")] = False,
) -> None:
    """Show the workflows of this project: what they do, what they take and what they return."""
    from stepweave.command.terminal.console import standard_output, styled
    from stepweave.command.workflows.input_lines import input_lines
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
        for line in input_lines(workflow):
            console.print(styled(f"  input {line}"), soft_wrap=True)
        console.print(styled(f"  returns {type_name(workflow.output)}"), soft_wrap=True)
    if not found:
        console.print("no workflows: write a @workflow function in the project's folder of workflows")
