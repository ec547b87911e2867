"""``stepweave breaker``: the circuit breakers of what agents depend on."""

from typing import Annotated

import typer

from stepweave.command.target.deployed_options import (
    AwsOption,
    EndpointOption,
    EnvironmentOption,
    JsonOption,
    LocalOption,
)

breaker = typer.Typer(
    help="Look at the circuit breakers of the deployed agents, and open or close them by hand.",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="The breaker's name, for example github-api.", metavar="NAME")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why; breaker show and the errors of refused calls tell it.", metavar="TEXT")
]


@breaker.command("list")
def list_all(
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show each breaker that an agent's contract names, and any other that has a state."""
    from stepweave.command.breaker.session import list_breakers
    from stepweave.command.target.deployed_target import deployed_target

    list_breakers(deployed_target(endpoint_url, aws=aws, local=local, environment=environment), as_json=as_json)


@breaker.command()
def show(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show all that is known of a breaker: its state and why, what it counts, who probes, and whom it guards."""
    from stepweave.command.breaker.session import show_breaker
    from stepweave.command.target.deployed_target import deployed_target

    show_breaker(deployed_target(endpoint_url, aws=aws, local=local, environment=environment), name, as_json=as_json)


@breaker.command("open")
def open_by_hand(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    duration: Annotated[
        str | None,
        typer.Option("--for", help="For how long, for example 30m or 2h (default: until closed).", metavar="DURATION"),
    ] = None,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Open a breaker: no call gets through until somebody closes it, or until a time is over and probes succeed.

    The error of each call that it refuses says who opened it, why, and until when. Opening one again that is open
    changes reason and time.
    """
    from stepweave.command.breaker.session import Hand, Wish, move_breaker
    from stepweave.command.options.duration import read_duration
    from stepweave.command.options.reason import check_reason
    from stepweave.command.target.deployed_target import deployed_target

    wish = Wish(Hand.OPEN, check_reason(reason), None if duration is None else read_duration("--for", duration))
    move_breaker(
        deployed_target(endpoint_url, aws=aws, local=local, environment=environment), name, wish, as_json=as_json
    )


@breaker.command()
def close(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Close a breaker, whether failures or a person opened it. One that is closed stays as it is."""
    from stepweave.command.breaker.session import Hand, Wish, move_breaker
    from stepweave.command.options.reason import check_reason
    from stepweave.command.target.deployed_target import deployed_target

    wish = Wish(Hand.CLOSE, check_reason(reason))
    move_breaker(
        deployed_target(endpoint_url, aws=aws, local=local, environment=environment), name, wish, as_json=as_json
    )


@breaker.command()
def reset(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    aws: AwsOption = False,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Close a breaker and forget the failures that it has counted, those of a closed one too."""
    from stepweave.command.breaker.session import Hand, Wish, move_breaker
    from stepweave.command.options.reason import check_reason
    from stepweave.command.target.deployed_target import deployed_target

    wish = Wish(Hand.RESET, check_reason(reason))
    move_breaker(
        deployed_target(endpoint_url, aws=aws, local=local, environment=environment), name, wish, as_json=as_json
    )
