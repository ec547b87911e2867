"""A fleet of environments that share a circuit breaker, moved step by step, and the specification that it is held to.

Between any two operations of one environment any other may move: an operation is decided on one view of the item and
done on another. Reads may be old, answers may be lost, environments may die, and their clocks differ. After each write
the specification is asked whether it was allowed. It counts by itself what happened, and does not look at what the item
says of it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from stepweave.contract.breaker import CircuitBreakerConfig, crash_of
from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import BreakerItem, State, utc
from stepweave.contract.breaker_transition import Cause, Transition, closed, forced_open
from stepweave.runtime.breaker_protocol import (
    Admission,
    BreakerProtocol,
    Caller,
    Known,
    Operation,
    Protocol,
    Read,
    Rejection,
    Seen,
    Verdict,
)
from tests.unit.runtime.memory_breaker_store import MemoryBreakerStore

NAME = "api"
SKEW = 400
LEASE = 8_000


class Stage(Enum):
    """What an environment is doing."""

    IDLE = auto()
    ADMITTING = auto()
    RUNNING = auto()
    FINISHING = auto()


@dataclass
class Environment:
    """One execution environment, which makes one call at a time."""

    protocol: BreakerProtocol
    clock: Callable[[], int]
    stage: Stage = Stage.IDLE
    known: Known | None = None
    caller: Caller | None = None
    deadline: int = 0
    steps: Protocol[Admission | Rejection] | Protocol[None] | None = None
    operation: Operation | None = None
    asked: int = 0
    admission: Admission | None = None
    verdict: Verdict = Verdict.NONE
    reported: bool = False
    writes: int = 0


@dataclass
class Specification:
    """What may happen to a breaker.

    Attributes
    ----------
    failures : dict of int to list of int
        By generation, when failures were recorded that calls of it had.
    successes : Counter
        By generation, how many of its probes were recorded to have succeeded.
    crashes : dict of str to int
        Who crashed, and when it was noticed.
    probes_crashed : set of int
        The generations of which a probe crashed.
    made : Counter
        How often each kind of transition was made.
    """

    config: CircuitBreakerConfig
    failures: dict[int, list[int]] = field(default_factory=dict)
    successes: Counter[int] = field(default_factory=Counter)
    crashes: dict[str, int] = field(default_factory=dict)
    probes_crashed: set[int] = field(default_factory=set)
    made: Counter[tuple[State, State]] = field(default_factory=Counter)

    def check(self, before: BreakerItem, after: BreakerItem, operation: Operation, actor: Environment | None) -> None:
        """Check a write that was made, by an environment or by a person."""
        for slot, lease in after.probes.items():
            if before.probes.get(slot) != lease:
                self.crashes.pop(lease.owner, None)  # who probes again is alive
        if after.generation == before.generation:
            assert not isinstance(operation, Transition)
            self._check_within(before, after, actor)
            return
        assert isinstance(operation, Transition), "only a transition makes a generation"
        assert after.generation == before.generation + 1
        assert (before.state, after.state) == (operation.before, operation.after)
        self.made[before.state, after.state] += 1
        assert set(before.probes) - set(after.probes) <= _own(actor), "a transition takes away no other's slot"
        if actor is None:
            return
        at, admission = operation.cause.at, actor.admission
        match before.state, after.state:
            case State.CLOSED, State.OPEN:
                assert self._failures(before, at) >= self.config.failure_threshold
                assert after.retry_at == at + 1000 * self.config.recovery_timeout.total_seconds()
            case State.OPEN, State.HALF_OPEN:
                assert not before.forced, "only a person closes what a person opened"
                assert at >= before.retry_at
                assert after.successes == 0
            case State.HALF_OPEN, State.OPEN:
                failed = (
                    actor.stage is Stage.FINISHING
                    and actor.verdict is Verdict.FAILURE
                    and admission is not None
                    and (admission.generation, admission.slot is None) == (before.generation, False)
                )
                assert failed or before.generation in self.probes_crashed
            case State.HALF_OPEN, State.CLOSED:
                assert self.successes[before.generation] >= self.config.success_threshold
            case illegal:
                raise AssertionError(f"illegal transition {illegal}")
        begun = [generation for generation, _ in after.failures.values() if generation >= after.generation]
        assert not begun, "a generation begins without failures"

    def crash(self, owner: str, at: int, item: BreakerItem) -> None:
        """Take note of a crash that the state machine records."""
        self.crashes[owner] = at
        self.probes_crashed |= {lease.generation for lease in item.probes.values() if lease.owner == owner}

    def _check_within(self, before: BreakerItem, after: BreakerItem, actor: Environment | None) -> None:
        assert actor is not None
        kept = ("state", "since", "retry_at", "forced", "reason")
        assert all(getattr(before, each) == getattr(after, each) for each in kept), "only transitions change these"
        admission = actor.admission
        current = before.generation
        if actor.stage is Stage.FINISHING and admission is not None and not actor.reported:
            actor.reported = True
            if admission.slot is None and actor.verdict is Verdict.FAILURE:
                assert admission.generation == current, "a stale failure changes nothing"
                self.failures.setdefault(current, []).append(actor.asked)
            if admission.slot is not None and actor.verdict is Verdict.SUCCESS and after.successes > before.successes:
                self.successes[current] += 1
        if admission is None or admission.generation != current:
            assert after.successes == before.successes, "a stale success changes nothing"
            counted = {name for name, (generation, _) in after.failures.items() if generation == current}
            assert counted <= set(before.failures), "a stale failure changes nothing"
        assert after.successes == (self.successes[current] if after.state is State.HALF_OPEN else before.successes)

    def _failures(self, item: BreakerItem, at: int) -> int:
        horizon = at - 1000 * self.config.window.total_seconds()
        failures = sum(each > horizon for each in self.failures.get(item.generation, []))
        return failures + sum(each > horizon and each >= item.since for each in self.crashes.values())


@dataclass
class Fleet:
    """Environments with a breaker, under a clock that stands still unless it is moved."""

    config: CircuitBreakerConfig
    skews: tuple[int, ...]
    time: int = 1_000_000
    store: MemoryBreakerStore = field(default_factory=MemoryBreakerStore)
    history: list[BreakerItem] = field(default_factory=lambda: [BreakerItem()])
    most_in_flight: int = 0
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        assert max(self.skews) - min(self.skews) <= SKEW
        self.specification = Specification(self.config)
        self.environments = [self._environment(skew) for skew in self.skews]
        self.person: Transition | None = None

    @property
    def item(self) -> BreakerItem:
        return self.store.read(NAME, consistent=True).item

    def begin(self, environment: Environment) -> None:
        """Let an environment ask for admission."""
        owner = f"arn:aws:states:r:1:execution:m:run-{self._index(environment)}#task"
        environment.caller = Caller(f"t{next(self.numbers)}", owner, LEASE)
        environment.deadline = self.time + LEASE
        environment.stage, environment.admission, environment.writes = Stage.ADMITTING, None, 0
        environment.steps = environment.protocol.admit(environment.caller, environment.known)
        self._resume(environment, None)

    def end(self, environment: Environment, verdict: Verdict) -> None:
        """Let a call end."""
        assert environment.admission is not None
        environment.stage, environment.verdict, environment.reported = Stage.FINISHING, verdict, False
        environment.writes = 0
        environment.steps = environment.protocol.finish(environment.admission, verdict, environment.known)
        self._resume(environment, None)

    def move(self, environment: Environment, *, lost: bool = False, old: int = 0) -> None:
        """Do the operation that an environment waits for; its answer may be lost, and be old where that is allowed."""
        operation = environment.operation
        assert operation is not None
        if isinstance(operation, Read):
            item = self.item if operation.consistent else self.history[-1 - min(old, len(self.history) - 1)]
            seen = Seen(item)
        else:
            seen = self._write(operation, environment)
        if lost:
            environment.stage, environment.steps, environment.operation = Stage.IDLE, None, None
            return
        environment.known = Known(seen.item, environment.asked)
        self._resume(environment, seen)

    def die(self, environment: Environment, *, recorded: bool) -> None:
        """Let an environment die; the state machine may record it. Another one takes its place."""
        if recorded and environment.caller is not None:
            owner = environment.caller.owner
            self.specification.crash(owner, self.time, self.item)
            item = self.store.items.setdefault(NAME, {})
            self.store.items[NAME] = item | {crash_of(owner): {"S": utc(self.time).isoformat()}}
            self.history.append(self.item)
        index = self._index(environment)
        self.environments[index] = self._environment(self.skews[index])

    def advance(self, milliseconds: int) -> None:
        """Let time pass. AWS ends the invocations whose time is up."""
        target = self.time + milliseconds
        for environment in sorted(self.environments, key=lambda each: each.deadline):
            if environment.stage is not Stage.IDLE and environment.deadline < target:
                self.time = max(self.time, environment.deadline)
                self.die(environment, recorded=False)
        self.time = target

    def advance_to_deadline(self, before: int) -> None:
        """Let time pass until an invocation is cut off, but for so many milliseconds."""
        deadlines = [each.deadline for each in self.environments if each.stage is Stage.RUNNING]
        self.advance(max(0, min(deadlines, default=self.time) - before - self.time))

    def look(self, *, opens: bool) -> None:
        """Let a person look at the breaker, to open or to close it a moment later."""
        cause = Cause(self.time, "by hand", f"person{next(self.numbers)}")
        self.person = forced_open(self.item, cause) if opens else closed(self.item, cause)

    def act(self) -> None:
        """Let the person do it."""
        if self.person:
            self._write(self.person, None)
        self.person = None

    def in_flight(self) -> int:
        """Return how many probes are under way in truth."""
        running = [each.admission for each in self.environments if each.stage is Stage.RUNNING]
        return sum(admission is not None and admission.slot is not None for admission in running)

    def _index(self, environment: Environment) -> int:
        return next(index for index, each in enumerate(self.environments) if each is environment)

    def _environment(self, skew: int) -> Environment:
        def clock() -> int:
            return self.time + skew

        protocol = BreakerProtocol(self.config, clock, clock_skew=SKEW, healthy_for=50, open_for=1_000)
        return Environment(protocol, clock)

    def _write(self, operation: Change | Transition, actor: Environment | None) -> Seen:
        before = self.item
        change = operation.change if isinstance(operation, Transition) else operation
        seen = self.store.write(NAME, change)
        if actor is not None:
            actor.writes += 1
            most = self.config.half_open_max_calls + 3 if actor.stage is Stage.ADMITTING else 3
            assert actor.writes <= most, "a call costs no more writes than said"
        if seen.applied:
            self.specification.check(before, seen.item, operation, actor)
            self.history.append(seen.item)
        else:
            assert seen.item == before
        return seen

    def _resume(self, environment: Environment, seen: Seen | None) -> None:
        steps = environment.steps
        assert steps is not None
        try:
            environment.operation = next(steps) if seen is None else steps.send(seen)
            environment.asked = environment.clock()
        except StopIteration as end:
            environment.steps, environment.operation = None, None
            admitted = isinstance(end.value, Admission)
            environment.stage = Stage.RUNNING if admitted else Stage.IDLE
            if admitted:
                environment.admission = end.value
        in_flight = self.in_flight()
        self.most_in_flight = max(self.most_in_flight, in_flight)
        assert in_flight <= self.config.half_open_max_calls


def _own(actor: Environment | None) -> set[int]:
    admission = actor.admission if actor else None
    return set() if admission is None or admission.slot is None else {admission.slot}
