"""What a circuit breaker does for one environment, and what it costs."""

from __future__ import annotations

import pickle
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stepweave.contract.breaker import RETRY_AFTER_WORD, CircuitBreakerConfig, crash_of, probe_owner
from stepweave.contract.breaker_item import State
from stepweave.contract.breaker_transition import Cause, Transition, closed, forced_open
from stepweave.runtime.breaker import CACHE_SECONDS, OPEN_CACHE_SECONDS, CircuitBreaker, CircuitOpenError
from stepweave.runtime.breaker_errors import counts_all_but
from stepweave.runtime.errors import InvalidInputError
from tests.unit.runtime.memory_breaker_store import MemoryBreakerStore

CONFIG = CircuitBreakerConfig(failure_threshold=2, success_threshold=2, half_open_max_calls=2)
TASK = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"


class DownError(Exception):
    """What the backend answers when it is down."""


@dataclass
class Witness:
    """An observer."""

    transitions: list[Transition] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def changed(self, name: str, transition: Transition) -> None:
        self.transitions.append(transition)

    def rejected(self, error: CircuitOpenError) -> None:
        self.counted["rejected"] += 1

    def unavailable(self, name: str, error: Exception) -> None:
        self.counted["unavailable"] += 1


@dataclass
class Bench:
    """A breaker in several environments, with a clock that is moved by hand."""

    time: float = 1_000_000.0
    store: MemoryBreakerStore = field(default_factory=MemoryBreakerStore)
    witness: Witness = field(default_factory=Witness)
    begun: list[AbstractContextManager[object]] = field(default_factory=list)

    def environment(self, **options: Any) -> CircuitBreaker:
        return CircuitBreaker("api", self.store, CONFIG, lambda: self.time, observer=self.witness, **options)

    def fail(self, breaker: CircuitBreaker, error: type[BaseException] = DownError) -> None:
        with pytest.raises(error):
            breaker.call(_raise, error)

    def is_in(self, state: State) -> bool:
        return self.store.read("api", consistent=True).item.state is state

    def begin(self, owner: str = "", lease_seconds: float = 900) -> AbstractContextManager[object]:
        """Begin a call in an environment of its own, which ends when the test says so, or never."""
        call = self.environment().guard(owner, lease_seconds)
        call.__enter__()
        self.begun.append(call)
        return call

    def spent(self) -> dict[str, int]:
        """Return the operations since it was asked last."""
        operations = dict(self.store.operations)
        self.store.operations.clear()
        return operations


def _raise(error: type[BaseException]) -> None:
    raise error


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def breaker(bench: Bench) -> CircuitBreaker:
    return bench.environment()


@pytest.fixture
def opened(bench: Bench, breaker: CircuitBreaker) -> CircuitBreaker:
    bench.fail(breaker)
    bench.fail(breaker)
    assert bench.is_in(State.OPEN)
    bench.spent()
    return breaker


def test_a_call_gets_its_arguments_and_gives_its_result(breaker: CircuitBreaker) -> None:
    assert breaker.call(divmod, 7, 2) == (3, 1)
    assert breaker.call(int, "ff", base=16) == 255


def test_closed_and_healthy_it_reads_once_per_interval_and_writes_nothing(
    bench: Bench, breaker: CircuitBreaker
) -> None:
    for _ in range(100):
        breaker.call(str)
    assert bench.spent() == {"reads": 1}
    bench.time += CACHE_SECONDS
    for _ in range(100):
        breaker.call(str)
    assert bench.spent() == {"reads": 1}


def test_a_failure_costs_a_write_and_the_last_one_another(bench: Bench, breaker: CircuitBreaker) -> None:
    bench.fail(breaker)
    assert bench.spent() == {"reads": 1, "writes": 1}
    bench.fail(breaker)
    assert bench.spent() == {"consistent reads": 1, "writes": 2}
    assert [each.after for each in bench.witness.transitions] == [State.OPEN]


def test_open_it_refuses_without_a_write_and_reads_once_a_second(bench: Bench, opened: CircuitBreaker) -> None:
    other = bench.environment()
    for breaker in (opened, other):
        for _ in range(10):
            with pytest.raises(CircuitOpenError):
                breaker.call(_raise, AssertionError)
    assert bench.spent() == {"reads": 1}, "one by the environment that did not know"
    bench.time += OPEN_CACHE_SECONDS
    with pytest.raises(CircuitOpenError):
        opened.call(str)
    assert bench.spent() == {"consistent reads": 1}
    assert bench.witness.counted["rejected"] == 21


def test_the_error_says_when_to_come_again(bench: Bench, opened: CircuitBreaker) -> None:
    with pytest.raises(CircuitOpenError) as refused:
        opened.call(str)
    words = str(refused.value).split(" ")
    assert len(words) == RETRY_AFTER_WORD + 1
    said = datetime.fromisoformat(words[RETRY_AFTER_WORD])
    recovered = datetime.fromtimestamp(bench.time, UTC) + CONFIG.recovery_timeout
    assert recovered <= said <= recovered + CONFIG.recovery_timeout / 10 + timedelta(seconds=1)
    assert said == refused.value.retry_after
    copied = pickle.loads(pickle.dumps(refused.value))  # noqa: S301
    assert (str(copied), copied.name, copied.retry_after) == (str(refused.value), "api", said)


def test_those_who_wait_do_not_all_come_at_once(opened: CircuitBreaker) -> None:
    times = set()
    for _ in range(50):
        with pytest.raises(CircuitOpenError) as refused:
            opened.call(str)
        times.add(refused.value.retry_after)
    assert len(times) > 2


def test_failures_count_only_within_the_window(bench: Bench, breaker: CircuitBreaker) -> None:
    for _ in range(5):
        bench.fail(breaker)
        bench.time += CONFIG.window.total_seconds()
    assert bench.is_in(State.CLOSED)
    assert len(bench.store.read("api", consistent=True).item.failures) == 1, "what counts no more is removed"


def test_probes_close_it(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    assert opened.call(int) == 0
    assert bench.is_in(State.HALF_OPEN)
    assert bench.spent() == {"consistent reads": 2, "writes": 2}  # one read is the test's
    assert opened.call(int) == 0
    assert bench.spent() == {"consistent reads": 1, "writes": 3}
    assert bench.is_in(State.CLOSED)
    assert [each.after for each in bench.witness.transitions] == [State.OPEN, State.HALF_OPEN, State.CLOSED]
    assert [each.generation for each in bench.witness.transitions] == [1, 2, 3]


def test_a_probe_that_fails_opens_it_again(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    bench.fail(opened)
    assert bench.spent() == {"consistent reads": 1, "writes": 2}
    assert bench.is_in(State.OPEN)
    assert bench.witness.transitions[-1].cause.reason == "a probe failed: DownError"
    with pytest.raises(CircuitOpenError):
        opened.call(str)


def test_the_budget_of_probes_is_the_fleets(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    others = [bench.environment() for _ in range(3)]
    with others[0].guard(), others[1].guard():
        bench.spent()
        with pytest.raises(CircuitOpenError) as refused:
            others[2].call(str)
        assert bench.spent() == {"reads": 1}
        assert refused.value.retry_after >= datetime.fromtimestamp(bench.time, UTC) + CONFIG.recovery_timeout
    assert bench.is_in(State.CLOSED)


def test_a_probe_whose_owner_died_is_given_back_when_its_lease_ends(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    for _ in range(2):
        bench.begin("dead", lease_seconds=10)
    bench.time += 14.999
    with pytest.raises(CircuitOpenError):
        opened.call(str)
    bench.time += 1.1
    assert opened.call(int) == 0


def test_a_slow_probe_of_an_older_generation_keeps_its_slot_and_changes_nothing(
    bench: Bench, opened: CircuitBreaker
) -> None:
    bench.time += 60
    slow, other = bench.environment(), bench.environment()
    with slow.guard():
        bench.fail(opened)  # opens again
        bench.time += 60
        with other.guard(), pytest.raises(CircuitOpenError):
            opened.call(str)
        assert bench.store.read("api", consistent=True).item.successes == 1
    item = bench.store.read("api", consistent=True).item
    assert (item.state, item.successes, item.probes) == (State.HALF_OPEN, 1, {})


def test_a_stale_failure_changes_nothing(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    opened.call(str)
    opened.call(str)
    late = bench.begin()
    bench.fail(opened)
    bench.fail(opened)
    before = bench.store.read("api", consistent=True).item
    assert not late.__exit__(DownError, DownError(), None)
    assert bench.store.read("api", consistent=True).item == before


def test_errors_that_say_nothing_of_the_backend_do_not_count(bench: Bench) -> None:
    breaker = bench.environment(counts=counts_all_but(["LookupError"]))
    for error in (KeyError, InvalidInputError, SystemExit, KeyboardInterrupt):
        for _ in range(3):
            bench.fail(breaker, error)
    assert bench.spent() == {"reads": 1}
    assert bench.is_in(State.CLOSED)


def test_such_an_error_gives_a_probe_back_without_a_verdict(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    breaker = bench.environment(counts=lambda error: False)
    bench.fail(breaker)
    item = bench.store.read("api", consistent=True).item
    assert (item.state, item.successes, item.probes) == (State.HALF_OPEN, 0, {})


def _crash(bench: Bench, run: str, at: float) -> None:
    item = bench.store.items.setdefault("api", {})
    item[crash_of(probe_owner(run, "fetch"))] = {"S": datetime.fromtimestamp(at, UTC).isoformat()}


def test_crashes_count_as_failures_at_the_next_admission(bench: Bench, breaker: CircuitBreaker) -> None:
    _crash(bench, "run-1", bench.time)
    _crash(bench, "run-1", bench.time)
    assert breaker.call(int) == 0, "a crash that was recorded twice counts once"
    _crash(bench, "run-2", bench.time)
    with pytest.raises(CircuitOpenError):
        breaker.call(str)
    item = bench.store.read("api", consistent=True).item
    assert (item.state, item.crashes) == (State.OPEN, {})


def test_old_crashes_do_not(bench: Bench, breaker: CircuitBreaker) -> None:
    for number in range(5):
        _crash(bench, f"run-{number}", bench.time - 61)
    assert breaker.call(int) == 0
    bench.fail(breaker)
    assert bench.store.read("api", consistent=True).item.crashes == {}


def test_the_crash_of_a_probe_opens_it_again_and_another_one_does_not(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60
    bench.begin(probe_owner(TASK, "fetch"))
    _crash(bench, TASK.replace("stepweave-echo", "stepweave-other"), bench.time)  # of the same name, elsewhere
    assert opened.call(int) == 0
    assert bench.is_in(State.HALF_OPEN)
    _crash(bench, TASK, bench.time + 1)
    with pytest.raises(CircuitOpenError):
        opened.call(str)
    assert bench.is_in(State.OPEN)


def test_what_a_person_opened_stays_open_until_a_person_closes_it(bench: Bench, breaker: CircuitBreaker) -> None:
    item = bench.store.read("api", consistent=True).item
    bench.store.write("api", forced_open(item, Cause(int(bench.time * 1000), "maintenance", "p1")).change)
    for _ in range(3):
        bench.time += 3_600
        with pytest.raises(CircuitOpenError):
            breaker.call(str)
    item = bench.store.read("api", consistent=True).item
    bench.store.write("api", closed(item, Cause(int(bench.time * 1000), "over", "p2")).change)
    bench.time += OPEN_CACHE_SECONDS
    assert breaker.call(int) == 0


def test_what_a_person_opened_for_a_while_lets_probes_through_after_it(bench: Bench, breaker: CircuitBreaker) -> None:
    item = bench.store.read("api", consistent=True).item
    at = int(bench.time * 1000)
    cause = Cause(at, "opened by ann: maintenance", "p1", "ann")
    bench.store.write("api", forced_open(item, cause, at + 1_800_000).change)
    with pytest.raises(
        CircuitOpenError, match=r"\(opened by ann: maintenance; until \d{4}-\d\d-\d\dT[\d:]{8}Z\)"
    ) as refused:
        breaker.call(str)
    # Who waits asks again before: somebody may close it early.
    assert refused.value.retry_after.timestamp() < bench.time + 120
    bench.time += 1_799
    with pytest.raises(CircuitOpenError):
        breaker.call(str)
    bench.time += 2
    assert breaker.call(int) == 0
    assert bench.is_in(State.HALF_OPEN)
    assert not bench.store.read("api", consistent=True).item.by


def test_the_time_to_wait_is_the_word_that_state_machines_read(bench: Bench, breaker: CircuitBreaker) -> None:
    item = bench.store.read("api", consistent=True).item
    reason = 'retry after 1999-01-01T00:00:00Z "quoted" {} $.x'
    bench.store.write("api", forced_open(item, Cause(int(bench.time * 1000), reason, "p1", "ann")).change)
    with pytest.raises(CircuitOpenError) as refused:
        breaker.call(str)
    word = str(refused.value).split(" ")[RETRY_AFTER_WORD]
    assert datetime.fromisoformat(word) == refused.value.retry_after


def test_without_the_store_calls_go_through(bench: Bench, breaker: CircuitBreaker) -> None:
    bench.store.failing = True
    assert breaker.call(int) == 0
    bench.fail(breaker)
    assert bench.witness.counted["unavailable"] == 2


def test_unless_the_author_chose_otherwise(bench: Bench) -> None:
    bench.store.failing = True
    with pytest.raises(CircuitOpenError):
        bench.environment(fail_open=False).call(str)


def test_without_the_store_what_is_known_holds(bench: Bench, opened: CircuitBreaker) -> None:
    bench.store.failing = True
    bench.time += 30
    with pytest.raises(CircuitOpenError):
        opened.call(str)
    bench.time += 31
    assert opened.call(int) == 0


def test_a_result_is_returned_though_it_cannot_be_recorded(bench: Bench, opened: CircuitBreaker) -> None:
    bench.time += 60

    def backend() -> str:
        bench.store.failing = True
        return "done"

    assert opened.call(backend) == "done"
    bench.store.failing = False
    assert bench.store.read("api", consistent=True).item.in_flight(int(bench.time * 1000)) == 1


def test_who_dies_before_it_opens_leaves_that_to_the_next(bench: Bench, breaker: CircuitBreaker) -> None:
    write, writes = bench.store.write, iter(range(10))

    def write_twice(name: str, change: Any) -> Any:
        bench.store.failing = next(writes) >= 2
        return write(name, change)

    bench.store.write = write_twice  # type: ignore[method-assign]
    bench.fail(breaker)
    bench.fail(breaker)
    bench.store.write, bench.store.failing = write, False  # type: ignore[method-assign]
    assert bench.is_in(State.CLOSED)
    with pytest.raises(CircuitOpenError):
        bench.environment().call(str)
    assert bench.is_in(State.OPEN)
