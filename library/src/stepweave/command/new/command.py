"""``stepweave new``: add to a project."""

from typing import Annotated

import typer

new = typer.Typer(name="new", help="Add an agent or a workflow to the project.", no_args_is_help=True)


@new.command("agent")
def agent(name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name, as in fraud_check.")]) -> None:
    """Add an agent: a folder with a contract and a handler, to be filled in."""
    from stepweave.command.new.agent import add_agent
    from stepweave.command.terminal.console import say
    from stepweave.project.settings import require_project

    project = require_project()
    for file in add_agent(project, name):
        typer.echo(f"{file.relative_to(project.root)}: written")
    say("next: say in contract.py what it takes and returns, do it in handler.py, and call it in a workflow")


@new.command("workflow")
def workflow(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The workflow's name, as in claim_intake.")],
    agent: Annotated[
        str | None, typer.Option(metavar="NAME", help="The agent that it calls; one of the project's if not given.")
    ] = None,
) -> None:
    """Add a workflow that calls one agent, to be filled in, and the ASL that it compiles to."""
    from stepweave.command.new.workflow import add_workflow
    from stepweave.command.terminal.console import say
    from stepweave.project.settings import require_project

    project = require_project()
    for file in add_workflow(project, name, agent):
        typer.echo(f"{file.relative_to(project.root)}: written")
    say(f"next: call more agents in it, keep its ASL by `stepweave golden`, run it: stepweave run {name}")
