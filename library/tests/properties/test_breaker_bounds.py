"""How many calls reach a dead backend, and how soon a breaker closes on one that is healthy again."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.runtime.breaker import CACHE_SECONDS, CircuitBreaker, CircuitOpenError, State
from tests.unit.runtime.memory_breaker_store import MemoryBreakerStore

ENVIRONMENTS = (1, 10, 50, 100)


class DeadError(Exception):
    """The backend's answer."""


@dataclass
class World:
    """Environments, one backend and one clock."""

    environments: int
    config: CircuitBreakerConfig = field(default_factory=CircuitBreakerConfig)
    time: float = 1_000_000.0
    store: MemoryBreakerStore = field(default_factory=MemoryBreakerStore)
    reached: int = 0

    def __post_init__(self) -> None:
        self.breakers = [
            CircuitBreaker("api", self.store, self.config, lambda: self.time) for _ in range(self.environments)
        ]

    @property
    def state(self) -> State:
        return self.store.read("api", consistent=True).item.state

    def call(self, breaker: CircuitBreaker, seconds: float, *, dead: bool) -> None:
        """Call the backend, which takes its time."""

        def backend() -> None:
            self.reached += 1
            self.time += seconds
            if dead:
                raise DeadError

        with suppress(DeadError, CircuitOpenError):
            breaker.call(backend)


@pytest.mark.parametrize("environments", ENVIRONMENTS)
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.1, 20.0])
def test_calls_in_turn_reach_a_dead_backend_as_often_as_the_threshold_says(environments: int, seconds: float) -> None:
    """However fast they fail, and even if the clock stands still."""
    config = CircuitBreakerConfig(window=timedelta(minutes=5))
    world = World(environments, config)
    for breaker in itertools.islice(itertools.cycle(world.breakers), 500):
        world.call(breaker, seconds, dead=True)
        if world.state is State.OPEN:
            break
    for breaker in world.breakers:
        world.call(breaker, 0, dead=True)
    assert world.state is State.OPEN
    assert world.reached == config.failure_threshold


@given(
    environments=st.sampled_from(ENVIRONMENTS),
    threshold=st.integers(2, 8),
    slack=st.floats(1.05, 5),
    order=st.randoms(use_true_random=False),
)
def test_nor_do_environments_reach_it_that_have_just_seen_it_healthy(
    environments: int, threshold: int, slack: float, order: random.Random
) -> None:
    """As long as the threshold's failures together take longer than the cache interval: four of 5 ms, for instance."""
    config = CircuitBreakerConfig(failure_threshold=threshold)
    world = World(environments, config)
    for breaker in order.sample(world.breakers, environments):
        world.call(breaker, 0.001, dead=False)
    world.reached = 0
    for _ in range(threshold + 1):
        for breaker in order.sample(world.breakers, environments):
            world.call(breaker, slack * CACHE_SECONDS / (threshold - 1), dead=True)
    assert world.reached == threshold


@pytest.mark.parametrize("environments", ENVIRONMENTS)
def test_without_a_cache_interval_none_does_however_fast(environments: int) -> None:
    world = World(environments)
    world.breakers = [
        CircuitBreaker("api", world.store, world.config, lambda: world.time, cache_seconds=0)
        for _ in range(environments)
    ]
    for breaker in world.breakers:
        world.call(breaker, 0, dead=False)
    world.reached = 0
    for breaker in itertools.islice(itertools.cycle(world.breakers), 300):
        world.call(breaker, 0, dead=True)
    assert world.reached == world.config.failure_threshold


@pytest.mark.parametrize("environments", ENVIRONMENTS)
def test_calls_that_are_in_flight_come_on_top(environments: int) -> None:
    """All begin before one has failed; after that none begins."""
    world = World(environments)
    with ExitStack() as calls:
        for breaker in world.breakers:
            with suppress(CircuitOpenError):
                calls.enter_context(_failing_later(breaker))
                world.reached += 1
        world.time += 1
    for breaker in itertools.islice(itertools.cycle(world.breakers), 2 * environments + 10):
        world.call(breaker, 1, dead=True)
    in_turn = max(0, world.config.failure_threshold - environments)
    assert world.reached == environments + in_turn


class _FailingLater(ExitStack):
    """A call that fails when the context ends."""

    def __exit__(self, *_: object) -> bool:
        with suppress(DeadError):
            super().__exit__(DeadError, DeadError(), None)
        return True


def _failing_later(breaker: CircuitBreaker) -> _FailingLater:
    call = _FailingLater()
    call.enter_context(breaker.guard())
    return call


@pytest.mark.parametrize("environments", [1, 2, 3, 5, 10, 20, 50, 100])
@pytest.mark.parametrize("seconds", [1.0, 5.0, 20.0, 60.0])
@pytest.mark.parametrize("gap", [1.0, 7.0])
def test_a_breaker_closes_on_a_healthy_backend(environments: int, seconds: float, gap: float) -> None:
    """Each environment calls, again and again, with a gap between two calls.

    Somebody calls when the recovery timeout is over; the others do so at any time within a gap.
    """
    world = World(environments)
    _break(world)
    opened = world.time
    starts = random.Random(environments).choices(range(1000), k=environments)
    starts[0] = 0
    recovered = opened + world.config.recovery_timeout.total_seconds()
    pending: list[tuple[float, int, Callable[[], Iterator[float]]]] = []
    numbers = itertools.count()
    for breaker, start in zip(world.breakers, starts, strict=True):
        first = recovered - gap * 5 + gap * start / 1000
        heapq.heappush(pending, (first, next(numbers), _caller(breaker, seconds, gap)))
    while world.state is not State.CLOSED:
        world.time, _, move = heapq.heappop(pending)
        for pause in move():
            heapq.heappush(pending, (world.time + pause, next(numbers), move))
    bound = world.config.recovery_timeout.total_seconds() + world.config.success_threshold * seconds + gap
    assert world.time - opened <= bound


def _caller(breaker: CircuitBreaker, seconds: float, gap: float) -> Callable[[], Iterator[float]]:
    """Return what an environment does when its time has come, which says how long it then waits."""
    calls: list[ExitStack] = []

    def move() -> Iterator[float]:
        if calls:
            calls.pop().close()
            yield gap
            return
        call = ExitStack()
        try:
            call.enter_context(breaker.guard())
        except CircuitOpenError:
            yield gap
        else:
            calls.append(call)
            yield seconds

    return move


def _break(world: World) -> None:
    for _ in range(world.config.failure_threshold):
        world.call(world.breakers[0], 0, dead=True)
    assert world.state is State.OPEN
