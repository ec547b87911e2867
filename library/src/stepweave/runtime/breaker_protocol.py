"""What a call asks of its breaker before it begins, and tells it when it has ended.

Both are generators: they yield what has to be read or written, and are sent what the item then holds. So they know no
store and no thread, and a test can let any number of them interleave between any two operations.

In flight there are never more probes than allowed: a probe takes one of as many slots, by a write on condition that
nobody holds it, and holds it until it ends, whatever becomes of the generation that admitted it. A lease ends by itself
when the invocation of its owner has certainly been cut off: `lease` is the time that the invocation has left, which AWS
enforces, and the clocks of two environments may differ by `clock_skew` before somebody else could take the slot early.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar

from stepweave.contract.breaker import CircuitBreakerConfig, crash_of
from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import (
    BreakerItem,
    Lease,
    State,
    failure_attribute,
    number,
    probe_attribute,
)
from stepweave.contract.breaker_transition import Cause, Transition, due, half_opened, milliseconds, opened, stale

T = TypeVar("T")


@dataclass(frozen=True)
class Read:
    """A wish to read the item: `consistent` if an answer that is a moment old will not do."""

    consistent: bool


@dataclass(frozen=True)
class Seen:
    """What the item holds after an operation, and whether a change was made."""

    item: BreakerItem
    applied: bool = True


Operation: TypeAlias = Read | Change | Transition
Protocol: TypeAlias = Generator[Operation, Seen, T]


@dataclass(frozen=True)
class Caller:
    """Who asks to be let through.

    Attributes
    ----------
    token : str
        Tells this call from all others.
    owner : str
        Who calls, for people and for the record of a crash.
    lease : int
        How long the call can last, in milliseconds.
    """

    token: str
    owner: str
    lease: int


@dataclass(frozen=True)
class Known:
    """What an environment knows of the item, and since when."""

    item: BreakerItem
    at: int


@dataclass(frozen=True)
class Admission:
    """A call that was let through, by which generation, and as a probe if it has a slot."""

    token: str
    generation: int
    slot: int | None = None


@dataclass(frozen=True)
class Rejection:
    """A call that was not let through, and when it may come again, in milliseconds since the epoch."""

    retry_at: int


class Verdict(Enum):
    """How a call ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    NONE = "it says nothing about what is guarded"


@dataclass(frozen=True)
class BreakerProtocol:
    """The protocol of one breaker.

    Parameters
    ----------
    config : CircuitBreakerConfig
    now : Callable[[], int]
        The time in milliseconds since the epoch.
    clock_skew : int
        By how much the clocks of two environments may differ, in milliseconds.
    healthy_for : int
        How long a breaker that was seen closed and without failures is taken to be so, in milliseconds.
    open_for : int
        How long one that was seen open is taken to be so at most, in milliseconds.
    """

    config: CircuitBreakerConfig
    now: Callable[[], int]
    clock_skew: int
    healthy_for: int
    open_for: int

    def admit(self, caller: Caller, known: Known | None) -> Protocol[Admission | Rejection]:
        """Ask whether a call may begin."""
        item = known.item if known and self._fresh(known) else (yield from self._read(known))
        # Each round that does not decide was lost to somebody who took a slot or made a transition.
        for _ in range(self.config.half_open_max_calls + 3):
            now = self.now()
            decision = self._decide(item, caller, now)
            if isinstance(decision, Admission | Rejection):
                return decision
            seen = yield decision
            if seen.applied and (slot := _slot_of(seen.item, caller)) is not None:
                return Admission(caller.token, seen.item.generation, slot)
            item = seen.item
        return self._turned_away(self.now())

    def finish(self, admission: Admission, verdict: Verdict, known: Known | None, reason: str = "") -> Protocol[None]:
        """Tell how a call that was let through has ended."""
        item = known.item if known else BreakerItem()
        if admission.slot is not None:
            yield from self._finish_probe(admission, admission.slot, verdict, item, reason)
        elif verdict is Verdict.FAILURE:
            now = self.now()
            seen = yield Change(
                admission.generation,
                put={failure_attribute(admission.generation, admission.token): number(now)},
                remove=stale(item, self.config, now) if item.generation == admission.generation else (),
            )
            yield from self._make_due(seen, admission)

    def _decide(self, item: BreakerItem, caller: Caller, now: int) -> Admission | Rejection | Change | Transition:
        transition = due(item, self.config, now, caller.token)
        if transition:
            return transition
        if item.state is State.CLOSED:
            return Admission(caller.token, item.generation)
        if item.state is State.OPEN and (item.forced or now < item.retry_at):
            return self._turned_away(now) if item.forced else Rejection(item.retry_at)
        return self._probe(item, caller, now)

    def _probe(self, item: BreakerItem, caller: Caller, now: int) -> Rejection | Change | Transition:
        slot = item.free_slot(self.config.half_open_max_calls, now)
        if slot is None:
            return self._turned_away(now)
        until = now + caller.lease + self.clock_skew
        if item.state is State.OPEN:
            return half_opened(item, now, slot, Lease(caller.token, caller.owner, until, item.generation + 1))
        lease = Lease(caller.token, caller.owner, until, item.generation)
        put = {probe_attribute(slot): lease.attribute()}
        return Change(item.generation, free=(slot, now), put=put, remove=(crash_of(caller.owner),))

    def _finish_probe(
        self, admission: Admission, slot: int, verdict: Verdict, item: BreakerItem, reason: str
    ) -> Protocol[None]:
        held, release = (slot, admission.token), (probe_attribute(slot),)
        if verdict is Verdict.FAILURE:
            cause = Cause(self.now(), f"a probe failed: {reason}" if reason else "a probe failed", admission.token)
            seen = yield opened(_as_admitted(item, admission), self.config, cause, held)
        elif verdict is Verdict.SUCCESS:
            seen = yield Change(admission.generation, held=held, remove=release, success=True)
        else:
            seen = yield Change(None, held=held, remove=release)
        if not seen.applied and seen.item.holds(*held):
            # The generation has ended, and the verdict is void; but the slot is given back.
            seen = yield Change(None, held=held, remove=release)
        yield from self._make_due(seen, admission)

    def _make_due(self, seen: Seen, admission: Admission) -> Protocol[None]:
        if seen.item.generation == admission.generation:
            transition = due(seen.item, self.config, self.now(), admission.token)
            if transition:
                yield transition

    def _read(self, known: Known | None) -> Protocol[BreakerItem]:
        healthy = known is None or self._healthy(known)
        item = (yield Read(consistent=not healthy)).item
        if known and healthy and item.generation < known.item.generation:
            item = (yield Read(consistent=True)).item  # it was older than what is known
        return item

    def _fresh(self, known: Known) -> bool:
        age = self.now() - known.at
        if known.item.state is State.OPEN:
            return 0 <= age < self.open_for and (known.item.forced or self.now() < known.item.retry_at)
        return 0 <= age < self.healthy_for and self._healthy(known)

    def _healthy(self, known: Known) -> bool:
        horizon = known.at - milliseconds(self.config.window)
        return known.item.state is State.CLOSED and known.item.failures_after(horizon) == 0

    def _turned_away(self, now: int) -> Rejection:
        return Rejection(now + milliseconds(self.config.recovery_timeout))


def _slot_of(item: BreakerItem, caller: Caller) -> int | None:
    return next((slot for slot, lease in item.probes.items() if lease.token == caller.token), None)


def _as_admitted(item: BreakerItem, admission: Admission) -> BreakerItem:
    """Return the item as a probe knows it; only for the names of what to remove is it worth more than nothing."""
    if item.generation == admission.generation:
        return item
    return BreakerItem(generation=admission.generation, state=State.HALF_OPEN)
