"""Options of the subcommands that work on what is deployed, or run it."""

from typing import Annotated

import typer

from stepweave.project.settings import ENVIRONMENT_VARIABLE

EndpointOption = Annotated[
    str | None,
    typer.Option(
        help="Work at this endpoint (or AWS_ENDPOINT_URL); one on this machine gets none of your credentials.",
        metavar="URL",
    ),
]

AwsOption = Annotated[
    bool, typer.Option("--aws", help="Work on AWS, with your credentials (or STEPWEAVE_TARGET=aws). Never guessed.")
]

LocalOption = Annotated[bool, typer.Option("--local", help="Work in the local cloud, whatever the environment says.")]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text for people.")]

EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        help="Which deployment of the project, for example staging (default: the one that has no name).",
        metavar="NAME",
        envvar=ENVIRONMENT_VARIABLE,
    ),
]
