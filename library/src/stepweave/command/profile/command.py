"""``stepweave profile``: learn how long a workflow's tasks take."""

from typing import Annotated

import typer

from stepweave.command.target.deployed_options import EnvironmentOption


def profile(
    workflow: Annotated[str, typer.Argument(help="The workflow's name, for example code-review.", metavar="WORKFLOW")],
    endpoint_url: Annotated[
        str | None,
        typer.Option(
            help="Look at this endpoint instead of choosing; one on this machine gets none of your credentials.",
            metavar="URL",
            envvar="AWS_ENDPOINT_URL",
        ),
    ] = None,
    environment: EnvironmentOption = None,
    executions: Annotated[
        int, typer.Option(help="How many of the latest executions to look at.", min=1, max=1000, metavar="N")
    ] = 20,
) -> None:
    """Learn from past executions how long each task takes, and write it down beside the workflow.

    The medians of the latest executions that succeeded go to a small JSON file. Commit it: with it, the compiler puts
    a barrier in place of gates wherever that saves transitions and costs no more time than the workflow tolerates.
    """
    from stepweave.command.profile.profile_workflow import profile_workflow

    profile_workflow(workflow, endpoint_url, executions, environment)
