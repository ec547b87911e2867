"""The item that holds the state of one circuit breaker, and how it is read.

Times are whole milliseconds since the epoch, but for crashes, which the state machine writes in ISO 8601. Every
transition of the breaker adds one to the generation. Failures, crashes and probes are attributes of their own, so that
recording one is one write that needs no reading before, changes nothing else, and does nothing if it is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from stepweave.contract.breaker import CRASH_PREFIX
from stepweave.contract.formats import BREAKER_ITEM

AttributeValue: TypeAlias = "Mapping[str, str | bool | Mapping[str, AttributeValue]]"
"""The value of an attribute as DynamoDB's API spells it, for example ``{"N": "7"}``."""

GENERATION: Final = "generation"
STATE: Final = "state"
SINCE: Final = "since"
RETRY_AT: Final = "retry_at"
FORCED: Final = "forced"
SUCCESSES: Final = "successes"
REASON: Final = "reason"
WRITER: Final = "writer"
BY: Final = "by"
FAILURE_PREFIX: Final = "failure:"
PROBE_PREFIX: Final = "probe:"
TOKEN: Final = "token"  # noqa: S105 - no secret
OWNER: Final = "owner"
UNTIL: Final = "until"


class State(StrEnum):
    """The states of a circuit breaker."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True)
class Lease:
    """The right to probe, from admission to the probe's end, or to `until` if its owner dies.

    Attributes
    ----------
    token : str
        Tells this lease from all others.
    owner : str
        Who probes.
    until : int
        When the owner has certainly ended, in milliseconds since the epoch.
    generation : int
        The generation that admitted it.
    """

    token: str
    owner: str
    until: int
    generation: int

    def attribute(self) -> AttributeValue:
        """Return the lease as the value of an attribute."""
        return {
            "M": {
                TOKEN: {"S": self.token},
                OWNER: {"S": self.owner},
                UNTIL: number(self.until),
                GENERATION: number(self.generation),
            }
        }


@dataclass(frozen=True)
class BreakerItem:
    """What is known of a breaker; of one that nobody has written to, that it is closed.

    Attributes
    ----------
    generation : int
        How many transitions there were.
    state : State
    since : int
        When the state began.
    retry_at : int
        While open: when probes are let through; 0 if a person has to close it.
    forced : bool
        While open: that a person opened it. It stays open until `retry_at`, or else until a person closes it.
    successes : int
        While half-open: how many probes have succeeded.
    reason : str
        Why the last transition happened.
    by : str
        The person who made the last transition; empty if it was none.
    failures : mapping of str to (int, int)
        Attributes of failures: the generation that each belongs to, and its time.
    crashes : mapping of str to int
        Attributes of crashes: when each was noticed.
    probes : mapping of int to Lease
        The leases by slot, those that have ended among them.
    """

    generation: int = 0
    state: State = State.CLOSED
    since: int = 0
    retry_at: int = 0
    forced: bool = False
    successes: int = 0
    reason: str = ""
    by: str = ""
    failures: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    crashes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    probes: Mapping[int, Lease] = field(default_factory=lambda: MappingProxyType({}))

    def is_shut(self, now: int) -> bool:
        """Tell whether it is open and lets no probe through yet."""
        return self.state is State.OPEN and (now < self.retry_at or (self.forced and not self.retry_at))

    def failures_after(self, moment: int) -> int:
        """Return how many failures and crashes of this generation happened after a moment."""
        failures = sum(generation == self.generation and at > moment for generation, at in self.failures.values())
        return failures + sum(at > moment and at >= self.since for at in self.crashes.values())

    def in_flight(self, now: int) -> int:
        """Return how many probes may be under way."""
        return len(self.live_leases(now))

    def live_leases(self, now: int) -> dict[int, Lease]:
        """Return the leases by slot whose probes may be under way."""
        return {slot: lease for slot, lease in self.probes.items() if lease.until >= now}

    def free_slot(self, slots: int, now: int) -> int | None:
        """Return the first of so many slots that no probe holds; None if all are held."""
        held = self.live_leases(now)
        if len(held) >= slots:  # some may hold slots that another configuration had
            return None
        return next(slot for slot in range(slots) if slot not in held)

    def holds(self, slot: int, token: str) -> bool:
        """Tell whether a lease is in force."""
        return slot in self.probes and self.probes[slot].token == token


def read_item(attributes: Mapping[str, AttributeValue]) -> BreakerItem:
    """Return what an item says. Attributes of unknown name are left alone, and crashes whose time makes no sense.

    Raises
    ------
    NewerFormatError
        If a later release wrote it.
    """
    BREAKER_ITEM.check_item(attributes)
    failures: dict[str, tuple[int, int]] = {}
    crashes: dict[str, int] = {}
    probes: dict[int, Lease] = {}
    for name, value in attributes.items():
        if name.startswith(FAILURE_PREFIX):
            failures[name] = int(name.split(":")[1]), _integer(value)
        elif name.startswith(CRASH_PREFIX):
            if (at := _moment(str(value.get("S", "")))) is not None:
                crashes[name] = at
        elif name.startswith(PROBE_PREFIX):
            probes[int(name.removeprefix(PROBE_PREFIX))] = _lease(value)
    return BreakerItem(
        generation=_integer(attributes.get(GENERATION)),
        state=State(_text(attributes.get(STATE)) or State.CLOSED),
        since=_integer(attributes.get(SINCE)),
        retry_at=_integer(attributes.get(RETRY_AT)),
        forced=bool(attributes.get(FORCED, {}).get("BOOL", False)),
        successes=_integer(attributes.get(SUCCESSES)),
        reason=_text(attributes.get(REASON)),
        by=_text(attributes.get(BY)),
        failures=MappingProxyType(failures),
        crashes=MappingProxyType(crashes),
        probes=MappingProxyType(probes),
    )


def failure_attribute(generation: int, token: str) -> str:
    """Return the attribute of a failure. It bears the generation, so that no later one counts it."""
    return f"{FAILURE_PREFIX}{generation}:{token}"


def probe_attribute(slot: int) -> str:
    """Return the attribute of a slot for probes."""
    return f"{PROBE_PREFIX}{slot}"


def number(value: int) -> AttributeValue:
    """Return a number as the value of an attribute."""
    return {"N": str(value)}


def utc(milliseconds: int) -> datetime:
    """Return a moment as a date."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _lease(value: AttributeValue) -> Lease:
    fields = value["M"]
    assert isinstance(fields, Mapping)  # noqa: S101 - as `Lease.attribute` writes it
    return Lease(
        _text(fields[TOKEN]),
        _text(fields[OWNER]),
        _integer(fields[UNTIL]),
        _integer(fields[GENERATION]),
    )


def _text(value: AttributeValue | None) -> str:
    return str(value["S"]) if value else ""


def _integer(value: AttributeValue | None) -> int:
    return int(str(value["N"])) if value else 0


def _moment(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
