"""``stepweave synth``: a workflow as Amazon States Language."""

import sys
from typing import Annotated

import typer


def synth(
    workflow: Annotated[str, typer.Argument(help="The workflow's name, for example code-review.", metavar="WORKFLOW")],
) -> None:
    """Print a workflow as Amazon States Language.

    Nothing is deployed, and neither network nor Node.js is needed. ${agent_linter} stands for the ARN of the linter's
    function: the stacks put it in.
    """
    from scripts.command.workflow_choice import find_workflow
    from state_machines.compiler.compile import compile_workflow

    sys.stdout.write(compile_workflow(find_workflow(workflow)).to_json())
