"""``stepweave dlq``: what finally failed, and how it comes back."""

from typing import Annotated

import typer

from stepweave.command.target.deployed_options import EndpointOption, EnvironmentOption, JsonOption, LocalOption

dlq = typer.Typer(
    help="Look at what has failed for good (executions, asynchronous invocations, events), and run it again.",
    no_args_is_help=True,
)


@dlq.command("list")
def list_dead_letters(
    workflow: Annotated[
        str | None, typer.Argument(help="Only executions of this workflow.", metavar="WORKFLOW")
    ] = None,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show what failed: which task, with what error, after how many attempts, and what a redrive would do."""
    from stepweave.command.dlq.session import list_letters
    from stepweave.command.target.deployed_target import deployed_target

    list_letters(deployed_target(endpoint_url, local=local, environment=environment), workflow, as_json=as_json)


@dlq.command()
def show(
    letter: Annotated[
        str, typer.Argument(help="The id that dlq list shows, or enough of its beginning.", metavar="ID")
    ],
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show all that is known of one failure: input, cause, trace, and where to look further."""
    from stepweave.command.dlq.session import show_letter
    from stepweave.command.target.deployed_target import deployed_target

    show_letter(deployed_target(endpoint_url, local=local, environment=environment), letter, as_json=as_json)


@dlq.command()
def redrive(  # noqa: PLR0913, PLR0917 - one parameter per option
    letter: Annotated[
        str | None, typer.Argument(help="The id that dlq list shows, or enough of its beginning.", metavar="ID")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Redrive every dead letter.")] = False,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Run again what failed: once, however many people ask for it.

    An execution runs on from where it failed, where Step Functions allows it (for 14 days). Otherwise a new one runs
    on the same input and takes over the results that are stored. A function is invoked again with the same event.

    What cannot be redriven stays in its queue, and the exit code is 1.
    """
    from stepweave.command.dlq.session import redrive_letters
    from stepweave.command.errors import CommandError
    from stepweave.command.target.deployed_target import deployed_target

    if (letter is None) is not everything:
        raise CommandError("say what to redrive: one ID, or --all", "see what there is: stepweave dlq list")
    raise typer.Exit(
        redrive_letters(deployed_target(endpoint_url, local=local, environment=environment), letter, as_json=as_json)
    )
