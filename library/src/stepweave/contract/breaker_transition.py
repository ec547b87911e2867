"""The transitions of a circuit breaker: which one is due, and the write that makes it. Nothing here does a write.

Every transition is a write on condition that the generation is the one that was looked at, and makes the next one. So
of several that decide at once one wins, and what belongs to an older generation changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from stepweave.contract.breaker import EVENT_SOURCE, EVENT_TYPE, CircuitBreakerConfig, crash_of
from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import (
    FORCED,
    GENERATION,
    REASON,
    RETRY_AT,
    SINCE,
    STATE,
    SUCCESSES,
    WRITER,
    AttributeValue,
    BreakerItem,
    Lease,
    State,
    number,
    probe_attribute,
    utc,
)

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

MOST_REMOVED: Final = 100
"""How many attributes one write removes: DynamoDB limits the length of an expression. The next write removes more."""


@dataclass(frozen=True)
class Cause:
    """When and why a transition is made, and by whom.

    Attributes
    ----------
    at : int
        The time in milliseconds since the epoch.
    reason : str
        Why, for people.
    writer : str
        Something unique, by which the writer knows its own transition again.
    """

    at: int
    reason: str
    writer: str


@dataclass(frozen=True)
class Transition:
    """A transition, and the write that makes it.

    Attributes
    ----------
    before, after : State
    generation : int
        The generation that it begins.
    cause : Cause
    retry_at : int | None
        When probes are let through; None if it does not open the breaker, or if a person has to close it.
    change : Change
    """

    before: State
    after: State
    generation: int
    cause: Cause
    retry_at: int | None
    change: Change

    def detail(self, name: str) -> dict[str, str | int | None]:
        """Return the detail of the event that tells of the transition of a breaker."""
        return {
            "breaker": name,
            "from": self.before.value,
            "to": self.after.value,
            "generation": self.generation,
            "at": utc(self.cause.at).isoformat(),
            "reason": self.cause.reason,
            "retry_after": None if self.retry_at is None else utc(self.retry_at).isoformat(),
        }

    def event(self, name: str, bus: str) -> PutEventsRequestEntryTypeDef:
        """Return the event that tells a bus of the transition of a breaker, as ``PutEvents`` takes it."""
        return {
            "EventBusName": bus,
            "Source": EVENT_SOURCE,
            "DetailType": EVENT_TYPE,
            "Detail": json.dumps(self.detail(name)),
        }


def due(item: BreakerItem, config: CircuitBreakerConfig, now: int, writer: str) -> Transition | None:
    """Return the transition that what was recorded asks for; None if there is none.

    Whoever sees that one is due makes it: who recorded the last failure may have died before it could.

    Parameters
    ----------
    item : BreakerItem
        The breaker.
    config : CircuitBreakerConfig
        Its configuration.
    now : int
        The time in milliseconds since the epoch.
    writer : str
        Who would make it: see :class:`Cause`.
    """
    if item.state is State.CLOSED:
        failures = item.failures_after(now - milliseconds(config.window))
        if failures >= config.failure_threshold:
            reason = f"{failures} failures within {config.window.total_seconds():g} s"
            return opened(item, config, Cause(now, reason, writer))
    elif item.state is State.HALF_OPEN:
        crashed = _crashed_probe(item)
        if crashed:
            return opened(item, config, Cause(now, f"a probe crashed: {crashed}", writer))
        if item.successes >= config.success_threshold:
            return closed(item, Cause(now, f"{item.successes} probes succeeded", writer))
    return None


def opened(
    item: BreakerItem, config: CircuitBreakerConfig, cause: Cause, held: tuple[int, str] | None = None
) -> Transition:
    """Return the transition to OPEN; with the slot and the token of a probe, by its failure, which ends its lease."""
    retry_at = cause.at + milliseconds(config.recovery_timeout)
    put: dict[str, AttributeValue] = {RETRY_AT: number(retry_at)}
    remove = [FORCED, SUCCESSES]
    if held:
        remove.append(probe_attribute(held[0]))
    change = Change(item.generation, held=held, put=put, remove=tuple(remove))
    return _transition(item, State.OPEN, cause, change, retry_at)


def half_opened(item: BreakerItem, now: int, slot: int, lease: Lease) -> Transition:
    """Return the transition to HALF_OPEN that lets the first probe through; it needs a slot that is free."""
    put: dict[str, AttributeValue] = {SUCCESSES: number(0), probe_attribute(slot): lease.attribute()}
    remove = (RETRY_AT, FORCED, crash_of(lease.owner))  # the crash of an earlier attempt
    change = Change(item.generation, free=(slot, now), put=put, remove=remove)
    return _transition(item, State.HALF_OPEN, Cause(now, "the recovery timeout is over", lease.token), change)


def closed(item: BreakerItem, cause: Cause) -> Transition:
    """Return the transition to CLOSED; of a breaker that is closed, to one that knows of no failure.

    Probes that are under way keep their leases, and change nothing any more.
    """
    return _transition(item, State.CLOSED, cause, Change(item.generation, remove=(RETRY_AT, FORCED, SUCCESSES)))


def forced_open(item: BreakerItem, cause: Cause) -> Transition:
    """Return the transition by which a person opens a breaker: it stays open until a person closes it."""
    put: dict[str, AttributeValue] = {FORCED: {"BOOL": True}}
    return _transition(item, State.OPEN, cause, Change(item.generation, put=put, remove=(RETRY_AT, SUCCESSES)))


def stale(item: BreakerItem, config: CircuitBreakerConfig, now: int) -> tuple[str, ...]:
    """Return the attributes of failures and crashes that count no more, as many as one write removes."""
    horizon = now - milliseconds(config.window)
    old = [name for name, (generation, at) in item.failures.items() if generation != item.generation or at <= horizon]
    old += [name for name, at in item.crashes.items() if at <= horizon]
    return tuple(old[:MOST_REMOVED])


def milliseconds(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return duration // timedelta(milliseconds=1)


def _transition(
    item: BreakerItem, after: State, cause: Cause, change: Change, retry_at: int | None = None
) -> Transition:
    """Complete the change of a transition by what all of them write."""
    generation = item.generation + 1
    put = {
        **change.put,
        GENERATION: number(generation),
        STATE: {"S": after.value},
        SINCE: number(cause.at),
        REASON: {"S": cause.reason},
        WRITER: {"S": cause.writer},
    }
    # Of the slots only the prober's own: another may have been taken meanwhile, and generations do not tell.
    forgotten = [*item.failures, *item.crashes][:MOST_REMOVED]
    change = replace(change, put=put, remove=tuple(dict.fromkeys([*change.remove, *forgotten])))
    return Transition(item.state, after, generation, cause, retry_at, change)


def _crashed_probe(item: BreakerItem) -> str:
    """Return the owner of a probe of this generation that crashed; empty if none did.

    Only who holds a slot counts: others that crash now were let through by an older generation.
    """
    for lease in item.probes.values():
        if lease.generation == item.generation and crash_of(lease.owner) in item.crashes:
            return lease.owner
    return ""
