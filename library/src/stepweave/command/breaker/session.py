"""Look at circuit breakers, and open and close them by hand."""

import getpass
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from stepweave.command.breaker.contracts import NamedBreaker, named_breakers, project_agents
from stepweave.command.breaker.table import BreakerTable
from stepweave.command.breaker.view import BreakerView, breaker_json, show_breakers, show_one
from stepweave.command.errors import CommandError, explain
from stepweave.command.target.open_target import OpenTarget
from stepweave.command.terminal.console import say_warning, standard_output, styled
from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import BreakerItem, State
from stepweave.contract.breaker_transition import Cause, Transition, closed, forced_open

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient


class Hand(StrEnum):
    """What a person does to a breaker."""

    OPEN = "opened"
    CLOSE = "closed"
    RESET = "reset"


def list_breakers(opened: OpenTarget, *, as_json: bool) -> None:
    """Print the breakers that contracts name and those that have a state."""
    named = named_breakers(project_agents())
    items = BreakerTable.of(opened).read_all()
    now = datetime.now(UTC)
    views = [_view(name, items.get(name), named, now) for name in sorted({*named, *items})]
    if as_json:
        print(json.dumps([breaker_json(view) for view in views], indent=2))  # noqa: T201 - the result
    else:
        show_breakers(views, opened.where)


def show_breaker(opened: OpenTarget, name: str, *, as_json: bool) -> None:
    """Print all that is known of a breaker.

    Raises
    ------
    CommandError
        If there is none of that name.
    """
    table, named = BreakerTable.of(opened), named_breakers(project_agents())
    _print(_view(name, _known(table, name, named), named, datetime.now(UTC)), as_json=as_json)


def move_breaker(opened: OpenTarget, name: str, hand: Hand, reason: str, *, as_json: bool) -> None:
    """Open, close or reset a breaker, and tell so on the event bus.

    Parameters
    ----------
    opened : OpenTarget
        Where it is.
    name : str
        What it is called.
    hand : Hand
        What to do.
    reason : str
        Why; empty if nothing was said.
    as_json : bool
        Whether to print the breaker as JSON afterwards.

    Raises
    ------
    CommandError
        If there is none of that name.
    """
    table, named = BreakerTable.of(opened), named_breakers(project_agents())
    _known(table, name, named)
    said = f"{hand} by {_person()}" + (f": {reason}" if reason else "")
    transition = table.move(name, _MOVES[hand], said)
    if transition is not None:
        _tell(opened, name, transition)
    if as_json:
        _print(_view(name, table.read(name), named, datetime.now(UTC)), as_json=True)
        return
    done = f"{hand}" if transition is not None else f"is {'open' if hand is Hand.OPEN else 'closed'} already"
    standard_output().print(styled(f"circuit breaker {name} {done}"), soft_wrap=True)


def _open(item: BreakerItem, cause: Cause) -> Transition | None:
    return None if item.state is State.OPEN and item.forced else forced_open(item, cause)


def _close(item: BreakerItem, cause: Cause) -> Transition | None:
    return None if item.state is State.CLOSED else closed(item, cause)


_MOVES = {Hand.OPEN: _open, Hand.CLOSE: _close, Hand.RESET: closed}


def _known(table: BreakerTable, name: str, named: Mapping[str, NamedBreaker]) -> BreakerItem | None:
    item = table.read(name)
    if item is None and name not in named:
        known = sorted({*named, *table.read_all()})
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known) or 'none'}"
        raise CommandError(f"no circuit breaker is called {name!r}", hint)
    return item


def _view(name: str, item: BreakerItem | None, named: Mapping[str, NamedBreaker], now: datetime) -> BreakerView:
    contract = named.get(name)
    config: CircuitBreakerConfig | None = None if contract is None else contract.config
    return BreakerView(name, item or BreakerItem(), config, () if contract is None else contract.agents, now)


def _print(view: BreakerView, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(breaker_json(view), indent=2))  # noqa: T201 - the result
    else:
        show_one(view)


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"


def _tell(opened: OpenTarget, name: str, transition: Transition) -> None:
    client: EventBridgeClient = opened.client("events")
    try:
        answer = client.put_events(Entries=[transition.event(name, opened.names.event_bus)])
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        say_warning(f"the breaker has changed, but the event bus was not told: {known.message}")
        return
    if answer["FailedEntryCount"]:
        say_warning("the breaker has changed, but the event bus did not take the event")
