"""Parameters that several subcommands take: which workflow or DAG file they are about."""

from pathlib import Path
from typing import Annotated

import typer

from stepweave.command.options.paths import existing_file

WorkflowArgument = Annotated[
    str | None, typer.Argument(help="The workflow's name, for example word-count.", metavar="WORKFLOW")
]

DagOption = Annotated[
    Path | None,
    typer.Option(
        help="A DAG file instead: the simple form, or WfCommons WfFormat.", metavar="FILE", parser=existing_file
    ),
]

ShortenIdsOption = Annotated[
    bool, typer.Option("--shorten-ids", help="Shorten ids of a DAG file that have more than 80 characters.")
]
