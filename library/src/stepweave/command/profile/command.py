"""``stepweave profile``: learn how long a workflow's tasks take."""

from typing import Annotated

import typer

from stepweave.command.target.deployed_options import (
    AwsOption,
    EndpointOption,
    EnvironmentOption,
    JsonOption,
    LocalOption,
)


def profile(  # noqa: PLR0913, PLR0917 - one parameter per option
    workflow: Annotated[str, typer.Argument(help="The workflow's name, for example word-count.", metavar="WORKFLOW")],
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
    executions: Annotated[
        int, typer.Option(help="How many of the latest executions to look at.", min=1, max=1000, metavar="N")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Learn from past executions how long each task takes, and write it down beside the workflow.

    The medians of the latest executions that succeeded go to a small JSON file. Commit it: with it, the compiler puts
    a barrier in place of gates wherever that saves transitions and costs no more time than the workflow tolerates.
    """
    from stepweave.command.profile.profile_workflow import profile_workflow
    from stepweave.command.target.choice import target_choice

    choice = target_choice(endpoint_url, aws=aws, local=local, environment=environment)
    profile_workflow(workflow, choice, executions, as_json=as_json)
