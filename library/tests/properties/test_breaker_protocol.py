"""The breaker's protocol against its specification, in random schedules."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from stepweave.contract.breaker import CircuitBreakerConfig
from stepweave.contract.breaker_item import State
from stepweave.runtime.breaker_protocol import Verdict
from tests.properties.breaker_fleet import SKEW, Environment, Fleet, Stage

SCHEDULES = settings().max_examples * 40
"""1,600, and 20,000 by `make properties`."""
BATCH = 400
STEPS = 120
LONG = 9_000
VERDICTS = (Verdict.SUCCESS, Verdict.FAILURE, Verdict.NONE)


def _config(threshold: int, successes: int, probes: int) -> CircuitBreakerConfig:
    return CircuitBreakerConfig(
        failure_threshold=threshold,
        window=timedelta(seconds=20),
        recovery_timeout=timedelta(seconds=3),
        success_threshold=successes,
        half_open_max_calls=probes,
    )


def _run(schedule: random.Random) -> Fleet:
    """Run one schedule; the fleet checks itself after each step."""
    config = _config(schedule.randint(1, 3), schedule.randint(1, 3), schedule.randint(1, 3))
    fleet = Fleet(config, tuple(schedule.randint(0, SKEW) for _ in range(schedule.randint(2, 6))))
    healthy = schedule.choice([0.1, 0.5, 0.9])
    for _ in range(STEPS):
        chance = schedule.random()
        if chance < 0.06:
            fleet.advance(schedule.choice([20, 500, 1_200, 3_100, 3_100, LONG]))
        elif chance < 0.07:
            fleet.advance_to_deadline(schedule.randint(0, SKEW))
        elif chance < 0.09:
            milliseconds = schedule.choice([None, 0, 1_000, 60_000])
            fleet.look(opens=schedule.random() < 0.3, milliseconds=milliseconds)
        elif chance < 0.11:
            fleet.act()
        else:
            _move(fleet, schedule, schedule.choice(fleet.environments), healthy)
    return fleet


def _move(fleet: Fleet, schedule: random.Random, environment: Environment, healthy: float) -> None:
    if schedule.random() < 0.015:
        fleet.die(environment, recorded=schedule.random() < 0.7)
    elif environment.stage is Stage.IDLE:
        fleet.begin(environment)
    elif environment.stage is Stage.RUNNING:
        verdict = Verdict.SUCCESS if schedule.random() < healthy else schedule.choice(VERDICTS[1:])
        fleet.end(environment, verdict)
    else:
        fleet.move(environment, lost=schedule.random() < 0.03, old=schedule.randint(0, 2))


def _run_all(seeds: range) -> tuple[Counter[tuple[State, State]], Counter[bool]]:
    """Run schedules; return the transitions made, and how many schedules used the budget of probes up."""
    made: Counter[tuple[State, State]] = Counter()
    fullest: Counter[bool] = Counter()
    for seed in seeds:
        try:
            fleet = _run(random.Random(seed))
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error
        made += fleet.specification.made
        fullest[fleet.most_in_flight == fleet.config.half_open_max_calls] += 1
    return made, fullest


def test_no_random_schedule_breaks_the_specification() -> None:
    made: Counter[tuple[State, State]] = Counter()
    fullest: Counter[bool] = Counter()
    batches = [range(start, start + BATCH) for start in range(0, SCHEDULES, BATCH)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for made_by_some, fullest_of_some in pool.map(_run_all, batches):
            made += made_by_some
            fullest += fullest_of_some
    assert fullest.total() == SCHEDULES
    # The schedules are worth something only if they come to where it matters.
    for transition in (
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.OPEN),
        (State.HALF_OPEN, State.CLOSED),
    ):
        assert made[transition] > SCHEDULES / 10, made
    assert fullest[True] > SCHEDULES / 10, "the budget of probes was hardly ever used up"


class BreakerMachine(RuleBasedStateMachine):
    """The same, where hypothesis chooses the steps and shortens what breaks the specification."""

    @initialize(
        config=st.builds(_config, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
        skews=st.lists(st.integers(0, SKEW), min_size=2, max_size=5).map(tuple),
    )
    def start(self, config: CircuitBreakerConfig, skews: tuple[int, ...]) -> None:
        self.fleet = Fleet(config, skews)

    def _at(self, stage: Stage) -> list[Environment]:
        return [each for each in self.fleet.environments if each.stage is stage]

    @precondition(lambda self: self._at(Stage.IDLE))
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.fleet.begin(data.draw(st.sampled_from(self._at(Stage.IDLE))))

    @precondition(lambda self: self._at(Stage.RUNNING))
    @rule(data=st.data(), verdict=st.sampled_from(VERDICTS))
    def end(self, data: st.DataObject, verdict: Verdict) -> None:
        self.fleet.end(data.draw(st.sampled_from(self._at(Stage.RUNNING))), verdict)

    @precondition(lambda self: self._at(Stage.ADMITTING) + self._at(Stage.FINISHING))
    @rule(data=st.data(), lost=st.sampled_from([False, False, False, True]), old=st.integers(0, 3))
    def move(self, data: st.DataObject, lost: bool, old: int) -> None:
        moving = self._at(Stage.ADMITTING) + self._at(Stage.FINISHING)
        self.fleet.move(data.draw(st.sampled_from(moving)), lost=lost, old=old)

    @rule(data=st.data(), recorded=st.booleans())
    def die(self, data: st.DataObject, recorded: bool) -> None:
        self.fleet.die(data.draw(st.sampled_from(self.fleet.environments)), recorded=recorded)

    @rule(milliseconds=st.sampled_from([10, 60, 1_000, 3_100, LONG, 21_000]))
    def advance(self, milliseconds: int) -> None:
        self.fleet.advance(milliseconds)

    @rule(before=st.integers(0, SKEW))
    def advance_to_deadline(self, before: int) -> None:
        self.fleet.advance_to_deadline(before)

    @rule(opens=st.booleans())
    def look(self, opens: bool) -> None:
        self.fleet.look(opens=opens)

    @rule()
    def act(self) -> None:
        self.fleet.act()


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(stateful_step_count=60)
