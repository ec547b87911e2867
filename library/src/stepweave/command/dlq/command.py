"""``stepweave dlq``: what finally failed, and how it comes back or is given up."""

from typing import TYPE_CHECKING, Annotated

import typer

from stepweave.command.target.deployed_options import (
    AwsOption,
    EndpointOption,
    EnvironmentOption,
    JsonOption,
    LocalOption,
)

if TYPE_CHECKING:
    from stepweave.command.dlq.filter import LetterFilter

dlq = typer.Typer(
    help="Look at what has failed for good (executions, invocations, events); run it again, or give it up.",
    no_args_is_help=True,
)

IdArgument = Annotated[
    str | None, typer.Argument(help="The id that dlq list shows, or enough of its beginning.", metavar="ID")
]
WorkflowOption = Annotated[str | None, typer.Option(help="Only what failed of this workflow.", metavar="WORKFLOW")]
ErrorOption = Annotated[
    str | None,
    typer.Option(help="Only what failed with this error; a pattern such as 'Lambda.*' will do.", metavar="NAME"),
]
OlderOption = Annotated[
    str | None, typer.Option(help="Only what failed so long ago or longer, for example 2h.", metavar="DURATION")
]
NewerOption = Annotated[
    str | None, typer.Option(help="Only what failed within so long, for example 30m.", metavar="DURATION")
]


@dlq.command("list")
def list_dead_letters(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: Annotated[str | None, typer.Argument(help="The same as --workflow.", metavar="WORKFLOW")] = None,
    workflow: WorkflowOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show what failed: which task, with what error, after how many attempts, and what a redrive would do."""
    from stepweave.command.dlq.filter import LetterFilter
    from stepweave.command.dlq.session import list_letters
    from stepweave.command.errors import CommandError
    from stepweave.command.target.deployed_target import deployed_target

    if name is not None and workflow is not None and name != workflow:
        raise CommandError(f"two workflows are named, {name} and {workflow}", "name one of them")
    wanted = LetterFilter.of(name if workflow is None else workflow, error, older_than, newer_than)
    list_letters(deployed_target(endpoint_url, aws=aws, local=local, environment=environment), wanted, as_json=as_json)


@dlq.command()
def show(  # noqa: PLR0913, PLR0917 - one parameter per option
    letter: Annotated[
        str, typer.Argument(help="The id that dlq list shows, or enough of its beginning.", metavar="ID")
    ],
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show all that is known of one failure: input, cause, trace, and where to look further."""
    from stepweave.command.dlq.session import show_letter
    from stepweave.command.target.deployed_target import deployed_target

    show_letter(deployed_target(endpoint_url, aws=aws, local=local, environment=environment), letter, as_json=as_json)


@dlq.command()
def redrive(  # noqa: PLR0913, PLR0917 - one parameter per option
    letter: IdArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Redrive every dead letter, or every one that the other options mean.")
    ] = False,
    workflow: WorkflowOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Run again what failed: once, however many people ask for it.

    An execution runs on from where it failed, where Step Functions allows it (for 14 days). Otherwise a new one runs
    on the same input and takes over the results that are stored. A function is invoked again with the same event.

    What cannot be redriven stays in its queue, and the exit code is 1.
    """
    from stepweave.command.dlq.filter import LetterFilter
    from stepweave.command.dlq.session import redrive_letters
    from stepweave.command.target.deployed_target import deployed_target

    wanted = _wanted("redrive", letter, LetterFilter.of(workflow, error, older_than, newer_than), everything=everything)
    opened = deployed_target(endpoint_url, aws=aws, local=local, environment=environment)
    raise typer.Exit(redrive_letters(opened, wanted, as_json=as_json))


@dlq.command()
def discard(  # noqa: PLR0913, PLR0917 - one parameter per option
    letter: IdArgument = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record that is kept.", metavar="TEXT")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Discard every dead letter, or every one that the other options mean.")
    ] = False,
    workflow: WorkflowOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    newer_than: NewerOption = None,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Give up what failed: take it out of its queue, and keep a record of it.

    The record is a JSON object in the payload bucket, which says who discarded the letter, when and why, and holds its
    messages as they were. It is written first: a letter of which no record can be kept stays, and the exit code is 1.
    """
    from stepweave.command.dlq.filter import LetterFilter
    from stepweave.command.dlq.session import discard_letters
    from stepweave.command.errors import CommandError
    from stepweave.command.options.reason import check_reason
    from stepweave.command.target.deployed_target import deployed_target

    wanted = _wanted("discard", letter, LetterFilter.of(workflow, error, older_than, newer_than), everything=everything)
    why = check_reason(reason)
    if not why:
        raise CommandError("nothing says why", "add --reason TEXT: it is kept with the record")
    opened = deployed_target(endpoint_url, aws=aws, local=local, environment=environment)
    raise typer.Exit(discard_letters(opened, wanted, why, as_json=as_json))


def _wanted(doing: str, letter: str | None, chosen: "LetterFilter", *, everything: bool) -> "str | LetterFilter":
    """Return which letters a person means: one by its id, or all that a filter lets through."""
    from stepweave.command.errors import CommandError

    by_filter = everything or not chosen.is_empty
    if letter is not None and not by_filter:
        return letter
    if letter is None and by_filter:
        return chosen
    raise CommandError(
        f"say what to {doing}: one ID, or --all, or those of a --workflow, --error or age",
        "see what there is: stepweave dlq list",
    )
