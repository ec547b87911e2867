"""``stepweave local``: a local cloud that stays until it is told to stop."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stepweave.command.options.paths import cloud_assembly, writable_folder
from stepweave.command.target.deployed_options import EnvironmentOption

Mode = Literal["enforce", "audit", "off"]
DEFAULT_PORT = 4566
"""The port that tools for local AWS endpoints look at first."""

local = typer.Typer(
    help="Start, look at and stop a local cloud: AWS for this project, on this machine, without an account.",
    no_args_is_help=True,
)


@local.command()
def up(  # noqa: PLR0913, PLR0917 - one for each option
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where it listens, on this machine only; 0 takes a free port.")
    ] = DEFAULT_PORT,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay in this terminal until Ctrl-C instead of in the background.")
    ] = False,
    deploy: Annotated[
        bool, typer.Option("--deploy/--no-deploy", help="Synthesize the project and deploy it there.")
    ] = True,
    assembly: Annotated[
        Path | None,
        typer.Option(
            help="Deploy this cloud assembly (cdk.out) of any CDK app instead; no Stepweave project is needed.",
            metavar="DIR",
            parser=cloud_assembly,
        ),
    ] = None,
    persist: Annotated[
        Path | None,
        typer.Option(
            help="Keep its state in this folder, and start with what is kept there.",
            metavar="DIR",
            parser=writable_folder,
        ),
    ] = None,
    environment: EnvironmentOption = None,
) -> None:
    """Start a local cloud, deploy the project into it, and say how to use it.

    If it is up already, what is deployed is brought up to date. `stepweave run` uses it while it is up.

    With --persist its stacks, buckets, tables, queues and executions are there again after the next start with the
    same folder. An execution that runs when it is stopped is aborted. Logs and traces are not kept, nor are functions,
    roles and rules that no stack made.

    With --assembly the stacks of a CDK app are deployed as they were synthesized: cdk synth, then stepweave local up
    --assembly cdk.out. What the local cloud cannot do is refused before anything is made.
    """
    from stepweave.command.local.session import start_in_background, start_in_foreground

    (start_in_foreground if foreground else start_in_background)(
        port, deploy=deploy, persist=persist, environment=environment, assembly=assembly
    )


@local.command()
def down() -> None:
    """Stop the local cloud. What is in it is lost, unless it was started with --persist."""
    from stepweave.command.local.session import stop

    stop()


@local.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show whether the local cloud is up, where, and what is deployed there. Exit code 1 if it is not up."""
    from stepweave.command.local.session import show_status

    if not show_status(as_json=as_json, environment=environment):
        raise typer.Exit(1)


@local.command()
def logs(
    function: Annotated[
        str, typer.Argument(help="An agent's name, for example reader, or a function's full name.", metavar="FUNCTION")
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what it logs from now on, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as it is, one JSON object a line.")] = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show what a function in the local cloud has logged."""
    from stepweave.command.local.function_logs import show_logs

    show_logs(function, follow=follow, as_json=as_json, environment=environment)


@local.command()
def permissions(
    mode: Annotated[
        Mode | None,
        typer.Option(help="From now on refuse what no policy allows, only list it, or look at nothing."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what the policies of what is deployed have refused, or in mode audit would have.

    Functions, state machines, rules and their like may do what their roles and the policies of resources allow, as on
    AWS; your own calls are not looked at. STEPWEAVE_LOCAL_PERMISSIONS=audit (or off) says so for one that is to start.
    """
    from stepweave.command.local.permissions import show_permissions

    show_permissions(mode, as_json=as_json)
