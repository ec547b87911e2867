"""``stepweave breaker``: the circuit breakers of what agents depend on."""

from typing import Annotated

import typer

from stepweave.command.target.deployed_options import EndpointOption, EnvironmentOption, JsonOption, LocalOption

breaker = typer.Typer(
    help="Look at the circuit breakers of the deployed agents, and open or close them by hand.",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="The breaker's name, for example github-api.", metavar="NAME")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; breaker show tells it to others.", metavar="TEXT")]


@breaker.command("list")
def list_all(
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show each breaker that an agent's contract names, and any other that has a state."""
    from stepweave.command.breaker.session import list_breakers
    from stepweave.command.target.deployed_target import deployed_target

    list_breakers(deployed_target(endpoint_url, local=local, environment=environment), as_json=as_json)


@breaker.command()
def show(
    name: NameArgument,
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Show all that is known of a breaker: its state and why, what it counts, who probes, and whom it guards."""
    from stepweave.command.breaker.session import show_breaker
    from stepweave.command.target.deployed_target import deployed_target

    show_breaker(deployed_target(endpoint_url, local=local, environment=environment), name, as_json=as_json)


@breaker.command("open")
def open_by_hand(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Open a breaker: no call gets through until somebody closes it."""
    from stepweave.command.breaker.session import Hand, move_breaker
    from stepweave.command.target.deployed_target import deployed_target

    move_breaker(
        deployed_target(endpoint_url, local=local, environment=environment), name, Hand.OPEN, reason, as_json=as_json
    )


@breaker.command()
def close(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Close a breaker, whether failures or a person opened it. One that is closed stays as it is."""
    from stepweave.command.breaker.session import Hand, move_breaker
    from stepweave.command.target.deployed_target import deployed_target

    move_breaker(
        deployed_target(endpoint_url, local=local, environment=environment), name, Hand.CLOSE, reason, as_json=as_json
    )


@breaker.command()
def reset(  # noqa: PLR0913, PLR0917 - one parameter per option
    name: NameArgument,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    endpoint_url: EndpointOption = None,
    local: LocalOption = False,
    environment: EnvironmentOption = None,
) -> None:
    """Close a breaker and forget the failures that it has counted, those of a closed one too."""
    from stepweave.command.breaker.session import Hand, move_breaker
    from stepweave.command.target.deployed_target import deployed_target

    move_breaker(
        deployed_target(endpoint_url, local=local, environment=environment), name, Hand.RESET, reason, as_json=as_json
    )
