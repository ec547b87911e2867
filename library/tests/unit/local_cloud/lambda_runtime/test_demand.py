"""Workers follow demand as AWS's environments do: a simulation of the pool with a time of its own."""

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.caller import Steps
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.starters import Starters
from stepweave.local_cloud.lambda_runtime.worker import Worker
from stepweave.local_cloud.lambda_runtime.worker_factory import WorkerFactory
from stepweave.local_cloud.lambda_runtime.worker_pool import WorkerPool

SPEC = FunctionSpec(
    name="f", arn="arn:aws:lambda:us-east-1:123456789012:function:f", handler="h", code_directory=Path()
)
EVERYTHING = 10_000


class FakeWorker(Worker):
    def __init__(self) -> None:
        self.is_usable = True
        self.idle_since = 0.0


class FakeFactory(WorkerFactory):
    def __init__(self) -> None:
        self.started = 0

    def start(self, _spec: FunctionSpec) -> Worker:
        self.started += 1
        return FakeWorker()

    def stop(self, worker: Worker) -> None:
        pass

    def kill_all(self) -> None:
        pass

    def close(self) -> None:
        pass


class Simulation(Starters):
    """Runs calls against a pool; starts take the seconds that are given for them, then the last of these."""

    def __init__(
        self, start_seconds: Sequence[float], max_workers: int = EVERYTHING, at_once: int = EVERYTHING
    ) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.ends: list[float] = []
        self.most_in_flight = self.most_live = 0
        self.factory = FakeFactory()
        self._start_seconds = itertools.chain(start_seconds, itertools.repeat(start_seconds[-1]))
        self._pool = WorkerPool(self.factory, max_workers, self)
        self._in_flight = 0
        self._free_turns = at_once
        self._starts: list[tuple[Callable[[], bool], Callable[[], object]]] = []
        self._waiting: list[tuple[Steps[Worker], float, float]] = []
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def call_at(self, time: float, seconds: float) -> None:
        self._at(time, lambda: self._call(seconds))

    def run_all(self) -> None:
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
            self._poll()
            self.most_live = max(self.most_live, self._pool.live_workers)
        assert not self._waiting
        self._pool.close()

    def start(self, is_needed: Callable[[], bool], action: Callable[[], object]) -> None:
        self._starts.append((is_needed, action))
        self._at(self.now, self._take_turns)

    def run(self, action: Callable[[], object]) -> None:
        action()

    def close(self) -> None:
        pass

    def _at(self, time: float, event: Callable[[], object]) -> None:
        heapq.heappush(self._events, (time, next(self._order), event))

    def _take_turns(self) -> None:
        while self._starts and self._free_turns:
            is_needed, action = self._starts.pop(0)
            if is_needed():
                self._free_turns -= 1
                self._at(self.now + next(self._start_seconds), partial(self._end_start, action))

    def _end_start(self, action: Callable[[], object]) -> None:
        self._free_turns += 1
        action()
        self._take_turns()

    def _call(self, seconds: float) -> None:
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        steps = self._pool.acquire(SPEC)
        try:
            next(steps)
        except StopIteration as found:
            self._begin(found.value, self.now, seconds)
        else:
            self._waiting.append((steps, self.now, seconds))

    def _poll(self) -> None:
        still: list[tuple[Steps[Worker], float, float]] = []
        for steps, since, seconds in self._waiting:
            try:
                steps.send(-math.inf)
            except StopIteration as found:
                self._begin(found.value, since, seconds)
            else:
                still.append((steps, since, seconds))
        self._waiting = still

    def _begin(self, worker: Worker, since: float, seconds: float) -> None:
        self.waits.append(self.now - since)
        self._at(self.now + seconds, lambda: self._end(worker))

    def _end(self, worker: Worker) -> None:
        self._in_flight -= 1
        self.ends.append(self.now)
        self._pool.release(worker)


seconds = st.floats(0.001, 30)
calls = st.lists(st.tuples(st.floats(0, 60), seconds), min_size=1, max_size=30)


@given(calls, st.lists(seconds, min_size=1, max_size=30))
def test_there_are_as_many_starts_as_calls_at_once_and_no_call_waits_longer_than_a_start(
    calls: list[tuple[float, float]], starts: list[float]
) -> None:
    simulation = Simulation(starts)
    for time, lasts in calls:
        simulation.call_at(time, lasts)
    simulation.run_all()
    assert simulation.factory.started == simulation.most_in_flight
    assert max(simulation.waits) <= max(starts) + 1e-6
    assert len(simulation.ends) == len(calls)


@given(calls, st.lists(seconds, min_size=1, max_size=30), st.integers(1, 8), st.integers(1, 4))
def test_neither_bound_is_crossed_and_nobody_waits_for_ever(
    calls: list[tuple[float, float]], starts: list[float], max_workers: int, at_once: int
) -> None:
    simulation = Simulation(starts, max_workers, at_once)
    for time, lasts in calls:
        simulation.call_at(time, lasts)
    simulation.run_all()
    assert simulation.most_live <= min(max_workers, simulation.most_in_flight)
    assert len(simulation.ends) == len(calls)


@pytest.mark.parametrize("at_once", [1, 4, EVERYTHING])
@pytest.mark.parametrize("first", [0.15, 1.2, 30.0])
def test_one_slow_start_does_not_keep_the_pool_small(first: float, at_once: int) -> None:
    simulation = Simulation([first, 0.15], at_once=at_once)
    simulation.call_at(0, 0.01)
    waves = [100.0 + 10 * wave for wave in range(6)]
    for wave in waves:
        for _ in range(8):
            simulation.call_at(wave, 0.1)
    simulation.run_all()
    assert max(simulation.ends) == pytest.approx(waves[-1] + 0.1)
    assert simulation.factory.started <= simulation.most_in_flight


def test_while_one_start_hangs_calls_get_workers_of_their_own() -> None:
    simulation = Simulation([60.0, 0.15])
    for _ in range(8):
        simulation.call_at(0, 0.1)
    simulation.run_all()
    assert sorted(simulation.waits)[-2:] == pytest.approx([0.15, 0.25])
