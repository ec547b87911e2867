"""A fan-out wider than a concurrency limit, by the retry rule that is emitted: a simulation with its jitter."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from datetime import timedelta

import pytest

from stepweave.compiler.asl import Definition, Retrier
from stepweave.compiler.compile import compile_dag
from stepweave.compiler.jsonpath_dialect.retriers import retries_of
from stepweave.compiler.limits import (
    MAX_HISTORY_EVENTS,
    PLATFORM_EVENTS,
    declared_events,
    history_events,
    states_of,
)
from stepweave.contract.retry import Retry
from stepweave.graph.dag import Dag, Task
from stepweave.simulator.errors import TaskError, rule_for
from stepweave.simulator.simulation import simulate
from tests.properties.graphs import guarded, worker

THROTTLED = "Lambda.TooManyRequestsException"
EVENTS_OF_ATTEMPT = 3
SEEDS = range(200)


@dataclass(frozen=True)
class FanOut:
    """What became of a fan-out.

    Parameters
    ----------
    failed : int
        The tasks that were refused more often than they are tried.
    refused : int
        The calls that were refused.
    seconds : float
        How long it took.
    """

    failed: int
    refused: int
    seconds: float


def fan_out(tasks: int, concurrency: int, seconds: float, retrier: Retrier, seed: int) -> FanOut:
    """Call a function for every task at once, and again after each refusal."""
    chance = random.Random(seed)
    calls = [(0.0, task, 0) for task in range(tasks)]
    running: list[float] = []
    failed = refused = 0
    while calls:
        now, task, attempt = heapq.heappop(calls)
        while running and running[0] <= now:
            heapq.heappop(running)
        if len(running) < concurrency:
            heapq.heappush(running, now + seconds)
            continue
        refused += 1
        if attempt == retrier["MaxAttempts"]:
            failed += 1
            continue
        longest = min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt, retrier["MaxDelaySeconds"])
        heapq.heappush(calls, (now + chance.uniform(0, longest), task, attempt + 1))
    return FanOut(failed, refused, max(running))


def _flat(tasks: int, retry: Retry | None = None) -> Definition:
    flat = tuple(Task(f"task_{number}", worker, retry=retry or worker.retry) for number in range(tasks))
    compiled = compile_dag(Dag("wide", "", (), flat, None, timedelta(hours=2)))
    assert not compiled.nested
    return compiled.definition


@pytest.fixture(scope="module")
def retrier() -> Retrier:
    found = rule_for(THROTTLED, _flat(1)["States"]["task_0"]["Retry"])
    assert found is not None
    return found


def test_200_tasks_of_30_seconds_succeed_where_5_may_run_at_once(retrier: Retrier) -> None:
    ended = [fan_out(200, 5, 30.0, retrier, seed) for seed in SEEDS]
    assert {one.failed for one in ended} == {0}
    assert max(one.seconds for one in ended) < 1.5 * 200 * 30 / 5, "the function is idle for less than a third"
    assert max(one.refused for one in ended) * EVENTS_OF_ATTEMPT < PLATFORM_EVENTS, "as the history check counts on"


@pytest.mark.parametrize(
    ("tasks", "concurrency", "seconds"),
    [(12, 10, 12.0), (50, 1, 20.0), (400, 10, 30.0), (1000, 100, 30.0), (1000, 10, 5.0)],
)
def test_others_succeed_and_fit_into_a_history(retrier: Retrier, tasks: int, concurrency: int, seconds: float) -> None:
    room = MAX_HISTORY_EVENTS - declared_events(_flat(tasks, Retry(attempts=0)))
    for seed in SEEDS[:20]:
        ended = fan_out(tasks, concurrency, seconds, retrier, seed)
        assert ended.failed == 0
        assert ended.refused * EVENTS_OF_ATTEMPT <= room


def test_a_rule_that_gave_up_sooner_would_lose_tasks(retrier: Retrier) -> None:
    """So that this simulation can tell the difference."""
    sooner: Retrier = {**retrier, "MaxAttempts": 12}
    assert all(fan_out(200, 5, 30.0, sooner, seed).failed for seed in SEEDS[:20])


def test_a_wide_graph_that_fits_is_not_cut() -> None:
    definition = _flat(950)
    assert history_events(definition) == declared_events(definition) + PLATFORM_EVENTS


def test_a_small_graph_counts_what_it_could_take() -> None:
    definition = _flat(2)
    platform = sum(retries_of(state).platform for state in states_of(definition).values())
    assert platform == 48
    assert history_events(definition) == declared_events(definition) + 48 * EVENTS_OF_ATTEMPT


@pytest.mark.parametrize(
    "retry", [Retry(), Retry(attempts=0), Retry(errors=("States.ALL",)), Retry(errors=(THROTTLED,))]
)
@pytest.mark.parametrize("agent", [worker, guarded])
def test_throttling_spends_none_of_the_authors_attempts(retry: Retry, agent: type) -> None:
    task = Task("call", agent, retry=retry, optional=True)  # type: ignore[arg-type]
    definition = compile_dag(Dag("one", "", (), (task,), "call", timedelta(hours=2))).definition
    errors = iter([THROTTLED] * 12 + ["TransientError"] * retry.attempts + ["PlatformError"] * 12)
    author = rule_for("TransientError", definition["States"]["call"]["Retry"]) is not None

    def run(*_: object) -> str:
        error = next(errors, None)
        if error:
            raise TaskError(error)
        return "done"

    trace = simulate(definition, {}, run)
    if author or not retry.attempts:
        assert trace.output == "done"
        assert trace.attempts["call"] == 25 + retry.attempts
    assert trace.history_events <= history_events(definition)


@pytest.mark.parametrize("error", ["IdempotencyAlreadyInProgressError", "OverlappingAttemptError"])
def test_an_overlapping_attempt_spends_none_of_the_authors_attempts(error: str) -> None:
    task = Task("call", worker, retry=Retry(attempts=1, errors=("Runtime.ExitError",)))
    definition = compile_dag(Dag("one", "", (), (task,), "call", timedelta(hours=2))).definition
    errors = iter([error, "Runtime.ExitError", error, error])

    def run(*_: object) -> str:
        raised = next(errors, None)
        if raised:
            raise TaskError(raised)
        return "done"

    assert simulate(definition, {}, run).output == "done"
