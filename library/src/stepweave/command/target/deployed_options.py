"""Options of the subcommands that look at what is deployed."""

from typing import Annotated

import typer

from stepweave.cdk.project_settings import ENVIRONMENT_VARIABLE

EndpointOption = Annotated[
    str | None,
    typer.Option(
        help="Look at this endpoint instead of choosing; one on this machine gets none of your credentials.",
        metavar="URL",
        envvar="AWS_ENDPOINT_URL",
    ),
]

LocalOption = Annotated[
    bool, typer.Option("--local", help="Look at the local cloud on this machine, even if AWS has the stacks.")
]

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
