"""Look at circuit breakers, and open and close them by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, assert_never

from stepweave.command.breaker.contracts import NamedBreaker, named_breakers, project_agents
from stepweave.command.breaker.table import BreakerTable, Move
from stepweave.command.breaker.view import BreakerView, breaker_json, show_breakers, show_one
from stepweave.command.errors import CommandError
from stepweave.command.explanation import explain
from stepweave.command.target.open_target import OpenTarget
from stepweave.command.terminal.console import say_warning, standard_output, styled
from stepweave.command.terminal.stop_signals import held_back
from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import BreakerItem, State, utc
from stepweave.contract.breaker_transition import Cause, Transition, closed, forced_open, milliseconds

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient


class Hand(StrEnum):
    """What a person does to a breaker."""

    OPEN = "opened"
    CLOSE = "closed"
    RESET = "reset"


@dataclass(frozen=True)
class Wish:
    """What a person wants done to a breaker.

    Parameters
    ----------
    hand : Hand
        What.
    reason : str
        Why; empty if nothing was said.
    duration : timedelta | None
        For how long it is opened; None until somebody closes it.
    """

    hand: Hand
    reason: str = ""
    duration: timedelta | None = None


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


def move_breaker(opened: OpenTarget, name: str, wish: Wish, *, as_json: bool) -> None:
    """Open, close or reset a breaker, and tell so on the event bus.

    Parameters
    ----------
    opened : OpenTarget
        Where it is.
    name : str
        What it is called.
    wish : Wish
        What to do, and why.
    as_json : bool
        Whether to print the breaker as JSON afterwards.

    Raises
    ------
    CommandError
        If there is none of that name.
    """
    table, named = BreakerTable.of(opened), named_breakers(project_agents())
    _known(table, name, named)
    said = f"{wish.hand} by {opened.person}: {wish.reason or 'no reason given'}"
    with held_back():  # whoever has changed it tells so
        transition = table.move(name, _move(wish), said, opened.person)
        if transition is not None:
            _tell(opened, name, transition)
    if as_json:
        _print(_view(name, table.read(name), named, datetime.now(UTC)), as_json=True)
        return
    done = f"{wish.hand}" if transition is not None else f"is {'open' if wish.hand is Hand.OPEN else 'closed'} already"
    if transition is not None and transition.retry_at is not None:
        done += f" until {utc(transition.retry_at).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    standard_output().print(styled(f"circuit breaker {name} {done}"), soft_wrap=True)


def _move(wish: Wish) -> Move:
    match wish.hand:
        case Hand.OPEN:
            return partial(_open, wish)
        case Hand.CLOSE:
            return _close
        case Hand.RESET:
            return closed
        case _:
            assert_never(wish.hand)


def _open(wish: Wish, item: BreakerItem, cause: Cause) -> Transition | None:
    """Return the transition; None if a person has opened it for good, and nobody says anything new of that."""
    says_nothing = not wish.reason and wish.duration is None
    if item.state is State.OPEN and item.forced and not item.retry_at and says_nothing:
        return None
    return forced_open(item, cause, None if wish.duration is None else cause.at + milliseconds(wish.duration))


def _close(item: BreakerItem, cause: Cause) -> Transition | None:
    return None if item.state is State.CLOSED else closed(item, cause)


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
