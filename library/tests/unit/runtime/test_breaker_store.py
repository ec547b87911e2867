"""What a store promises, of the one in memory and of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from stepweave.contract.breaker import CircuitBreakerConfig, crash_of
from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import BreakerItem, Lease, State, failure_attribute, number, probe_attribute
from stepweave.contract.breaker_transition import Cause, closed, forced_open, half_opened, opened
from stepweave.runtime.breaker_store import BreakerStore, DynamoDBBreakerStore
from tests.dynamodb_tables import create_table
from tests.unit.runtime.memory_breaker_store import MemoryBreakerStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONFIG = CircuitBreakerConfig()
LEASE = Lease("t1", "arn:execution#task", until=9_000, generation=2)


def _cause(writer: str = "w1", at: int = 1_000) -> Cause:
    return Cause(at, "because", writer)


def _failure(token: str, generation: int = 0) -> Change:
    return Change(generation, put={failure_attribute(generation, token): number(1_000)})


def _table() -> DynamoDBClient:
    client = boto3.client("dynamodb", region_name="us-east-1")
    create_table(client, "breakers")
    return client


@pytest.fixture(params=["memory", "DynamoDB"])
def store(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        yield MemoryBreakerStore()
    else:
        with mock_aws():
            yield DynamoDBBreakerStore("breakers", _table())


def _read(store: BreakerStore) -> BreakerItem:
    return store.read("api", consistent=True).item


def test_a_breaker_that_nobody_has_written_to_is_closed(store: BreakerStore) -> None:
    assert store.read("api", consistent=False).item == BreakerItem()


def test_a_failure_is_recorded_once_however_often_it_is_sent(store: BreakerStore) -> None:
    for _ in range(2):
        seen = store.write("api", _failure("one"))
        assert seen.applied
    assert seen.item.failures == {"failure:0:one": (0, 1_000)}
    assert store.write("api", _failure("two")).item.failures_after(0) == 2
    assert _read(store).failures_after(0) == 2


def test_breakers_do_not_know_of_each_other(store: BreakerStore) -> None:
    store.write("api", _failure("one"))
    assert store.read("other", consistent=True).item == BreakerItem()


def test_a_write_of_another_generation_changes_nothing_and_shows_the_item(store: BreakerStore) -> None:
    store.write("api", opened(BreakerItem(), CONFIG, _cause()).change)
    for generation in (0, 2):
        seen = store.write("api", _failure("late", generation))
        assert not seen.applied
        assert seen.item == _read(store)
        assert (seen.item.generation, seen.item.state, seen.item.failures) == (1, State.OPEN, {})


def test_a_write_on_condition_of_a_generation_needs_an_item(store: BreakerStore) -> None:
    seen = store.write("api", _failure("late", generation=1))
    assert not seen.applied
    assert seen.item == BreakerItem()


def test_of_two_transitions_one_is_made(store: BreakerStore) -> None:
    store.write("api", _failure("one"))
    item = store.write("api", _failure("two")).item
    first, second = (opened(item, CONFIG, _cause(writer)) for writer in ("w1", "w2"))
    assert store.write("api", first.change).applied
    assert not store.write("api", second.change).applied
    found = _read(store)
    assert (found.state, found.generation, found.since, found.retry_at) == (State.OPEN, 1, 1_000, 61_000)
    assert (found.failures, found.reason, found.forced) == ({}, "because", False)


def test_a_slot_is_taken_by_one_until_its_lease_ends(store: BreakerStore) -> None:
    item = store.write("api", opened(BreakerItem(), CONFIG, _cause()).change).item
    half = half_opened(item, 61_000, 0, Lease("t1", "me", until=70_000, generation=2))
    assert store.write("api", half.change).item.holds(0, "t1")

    def take(token: str, now: int) -> bool:
        put = {probe_attribute(0): Lease(token, "you", until=now + 9_000, generation=2).attribute()}
        return store.write("api", Change(2, free=(0, now), put=put)).applied

    assert not take("t2", 70_000)
    assert take("t2", 70_001)
    assert _read(store).probes[0] == Lease("t2", "you", 79_001, 2)
    gone = Change(None, held=(0, "t1"), remove=(probe_attribute(0),))
    assert not store.write("api", gone).applied, "the first has lost its slot"
    assert _read(store).holds(0, "t2")


def test_a_success_is_counted_as_its_slot_is_given_back(store: BreakerStore) -> None:
    item = store.write("api", opened(BreakerItem(), CONFIG, _cause()).change).item
    store.write("api", half_opened(item, 61_000, 1, LEASE).change)
    success = Change(2, held=(1, "t1"), remove=(probe_attribute(1),), success=True)
    seen = store.write("api", success)
    assert seen.applied
    assert (seen.item.successes, seen.item.probes) == (1, {})
    assert not store.write("api", success).applied
    assert _read(store).successes == 1
    store.write("api", closed(seen.item, _cause("w3")).change)
    assert (_read(store).state, _read(store).successes, _read(store).retry_at) == (State.CLOSED, 0, 0)


def test_a_forced_breaker_says_so_until_it_is_closed(store: BreakerStore) -> None:
    item = store.write("api", forced_open(BreakerItem(), _cause()).change).item
    assert (item.state, item.forced, item.retry_at) == (State.OPEN, True, 0)
    item = store.write("api", closed(item, _cause("w2")).change).item
    assert (item.state, item.forced, item.generation) == (State.CLOSED, False, 2)


def test_a_change_that_landed_is_known_again() -> None:
    """The answer was lost on its way, and the AWS SDK sent the change once more."""
    with mock_aws():
        client = _table()
        store = DynamoDBBreakerStore("breakers", client)
        transition = opened(BreakerItem(), CONFIG, _cause("mine"))
        assert store.write("api", transition.change).applied
        assert store.write("api", transition.change).applied
        assert not store.write("api", opened(BreakerItem(), CONFIG, _cause("another's")).change).applied


def test_crashes_are_read_as_the_state_machine_writes_them() -> None:
    with mock_aws():
        client = _table()
        for name, text in (
            ("run-1", "1970-01-01T00:00:05.250Z"),
            ("run-2", "1970-01-01T01:00:07+01:00"),
            ("run-3", ""),
        ):
            client.update_item(
                TableName="breakers",
                Key={"id": {"S": "api"}},
                UpdateExpression="SET #me = :entered",
                ExpressionAttributeNames={"#me": crash_of(f"{name}#fetch")},
                ExpressionAttributeValues={":entered": {"S": text}},
            )
        item = DynamoDBBreakerStore("breakers", client).read("api", consistent=True).item
    assert item.crashes == {"crash:run-1#fetch": 5_250, "crash:run-2#fetch": 7_000}
    assert (item.generation, item.failures_after(0), item.failures_after(5_250)) == (0, 2, 1)


@st.composite
def changes(draw: st.DrawFn) -> Callable[[BreakerItem, int], Change]:
    """Draw a change that a caller might make who looked at the item."""
    kind = draw(st.sampled_from(["failure", "open", "half", "take", "success", "release", "close", "force"]))
    slot, behind, later = draw(st.integers(0, 2)), draw(st.integers(0, 1)), draw(st.integers(0, 20))

    def make(item: BreakerItem, step: int) -> Change:
        generation, now, token = max(0, item.generation - behind), step * 10, f"t{step}"
        seen = BreakerItem(generation=generation, failures=item.failures)
        holder = item.probes[slot].token if slot in item.probes else "nobody"
        lease = Lease(token, "me", now + later, generation)
        made: dict[str, Change] = {
            "failure": _failure(token, generation),
            "open": opened(seen, CONFIG, _cause(token, now)).change,
            "half": half_opened(seen, now, slot, lease).change,
            "take": Change(generation, free=(slot, now), put={probe_attribute(slot): lease.attribute()}),
            "success": Change(generation, held=(slot, holder), remove=(probe_attribute(slot),), success=True),
            "release": Change(None, held=(slot, holder), remove=(probe_attribute(slot),)),
            "close": closed(seen, _cause(token, now)).change,
            "force": forced_open(seen, _cause(token, now)).change,
        }
        return made[kind]

    return make


@settings(max_examples=25)
@given(st.lists(changes(), min_size=1, max_size=25))
def test_both_stores_agree_on_any_changes(makers: list[Callable[[BreakerItem, int], Change]]) -> None:
    with mock_aws():
        memory, table = MemoryBreakerStore(), DynamoDBBreakerStore("breakers", _table())
        for step, make in enumerate(makers):
            change = make(_read(memory), step)
            assert memory.write("api", change) == table.write("api", change)
            assert _read(memory) == _read(table)
