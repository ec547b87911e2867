"""A write whose answer is lost is sent again by the SDK: nothing that writes to a table may be misled by that.

Each scenario is run once as it is, and then once for each of its writes with that write sent twice, of which only the
second answer arrives. What it returns, raises and leaves in the tables must be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pydantic import JsonValue

from stepweave.command.breaker.table import BreakerTable
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.breaker_transition import Transition, closed, forced_open
from stepweave.contract.dead_letter import FailedTask
from stepweave.contract.gate import item_id
from stepweave.functions.dead_letters.crash import record_crash
from stepweave.runtime import gates
from stepweave.runtime.breaker import CircuitBreaker, CircuitOpenError
from stepweave.runtime.breaker_errors import counts_all_but
from stepweave.runtime.breaker_store import DynamoDBBreakerStore
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.errors import PlatformError, TransientError
from stepweave.runtime.idempotency_records import records
from tests.unit.runtime.conftest import Echo

SAID: Any = {"words": ["a"], "note": None}
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"
TABLES = ("idempotency", "gates", "breakers")
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
DIFFERENT_EACH_TIME = frozenset(
    {"owner", "started", "expiration", "in_progress_expiration", "expires", "since", "retry_at", "writer"}
)

Scenario: TypeAlias = Callable[[], object]


@dataclass
class Sdk:
    """Stands in for the transport: sends some writes twice, and counts all of them.

    Parameters
    ----------
    twice : int
        The number of the write that is sent twice, from 0; none if it is negative.
    between : Callable
        What others do between the two.
    losing : frozenset of str
        The operations of which every answer is lost, that to the last try too.
    writes : list of str
        The operations of the writes so far.
    """

    twice: int = -1
    between: Callable[[], object] = lambda: None
    losing: frozenset[str] = frozenset()
    writes: list[str] = field(default_factory=list)

    def send(self, send: Callable[..., Any], client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation not in WRITES:
            return send(client, operation, arguments)
        number = len(self.writes)
        self.writes.append(operation)
        if number == self.twice:
            with suppress(ClientError):
                send(client, operation, arguments)
            self.between()
        answer = send(client, operation, arguments)
        if operation in self.losing:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")
        return answer


@pytest.fixture
def sdk(aws: None, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    sdk = Sdk()
    send = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]
    monkeypatch.setattr(
        botocore.client.BaseClient, "_make_api_call", lambda client, *call: sdk.send(send, client, *call)
    )
    return sdk


def tables() -> list[dict[str, Any]]:
    """Return what the tables hold, but for what differs from run to run."""
    items = [
        {"table": table, **item} for table in TABLES for item in boto3.client("dynamodb").scan(TableName=table)["Items"]
    ]
    return sorted((_comparable(item) for item in items), key=str)


def _comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Leave out times and tokens; of what bears a token in its name only the number stays."""
    marks = [each for each in item if each.startswith(("failure:", "probe:", "crash:"))]
    kept = {name: value for name, value in item.items() if name not in {*DIFFERENT_EACH_TIME, *marks}}
    if item["table"] == "idempotency":
        kept["id"] = item["id"]["S"].partition("#")[2]  # each scenario has agents of its own
    return {**kept, "marks": sorted(mark.partition(":")[0] for mark in marks)}


def empty_tables() -> None:
    client = boto3.client("dynamodb")
    for table in TABLES:
        for item in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={"id": item["id"]})


def outcome(scenario: Scenario) -> tuple[object, list[dict[str, Any]]]:
    return scenario(), tables()


def attempts(*errors: Exception | None, breaker: Breaker | None = None, **event: Any) -> list[object]:
    """Run a task once for each error that its code raises, None for none; return what each attempt came to."""
    echo = Echo(breaker=breaker)
    ahead = iter(errors)

    def act(given: Any) -> Any:
        error = next(ahead)
        if error is not None:
            raise error
        return given.said

    echo.act = act
    told: list[object] = []
    for number, _ in enumerate(errors):
        try:
            told.append(echo(SAID, seconds=3.0, **{"run": f"run-{number}", **event}))
        except (TransientError, CircuitOpenError) as error:
            told.append(type(error).__name__)
    return [*told, len(echo.runs)]


class Waiting:
    """Step Functions, whose tokens are woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803 - as boto3 spells it
        self.woken.append(taskToken)


def gate_opens() -> object:
    """Two tasks arrive at a gate at which somebody waits."""
    fake = Waiting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "stepfunctions", lambda: fake)
        boto3.client("dynamodb").update_item(
            TableName="gates",
            Key={"id": {"S": item_id(EXECUTION, "g")}},
            UpdateExpression="SET waiter = :token",
            ExpressionAttributeValues={":token": {"S": "token"}},
        )
        attempts(None, run="run-1", task="one", gates={"g": 2})
        assert fake.woken == []
        attempts(None, run="run-1", task="two", gates={"g": 2})
    return fake.woken


class Witness:
    """Is told what a breaker does."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def changed(self, name: str, transition: Transition) -> None:
        self.told.append(f"{transition.before} {transition.after} {transition.generation}")

    def rejected(self, error: CircuitOpenError) -> None:
        self.told.append("rejected")

    def unavailable(self, name: str, error: Exception) -> None:
        self.told.append("unavailable")


def breaker_opens_and_closes() -> object:
    """The threshold is reached, a call is refused, a probe fails, one has no verdict, and then two succeed."""
    config = CircuitBreakerConfig(failure_threshold=2, half_open_max_calls=1, recovery_timeout=timedelta(seconds=10))
    witness, clock = Witness(), 1_000_000.0
    counted, ignored = KeyError(), ValueError()
    for seconds, error in ((0, counted), (1, counted), (1, None), (20, counted), (20, ignored), (1, None), (1, None)):
        clock += seconds
        store = DynamoDBBreakerStore("breakers", dynamodb())
        circuit = CircuitBreaker(
            "api", store, config, partial(float, clock), counts=counts_all_but(["ValueError"]), observer=witness
        )
        with suppress(KeyError, ValueError, CircuitOpenError), circuit.guard("owner"):
            if error:
                raise error
    return witness.told


def breaker_moved_by_hand() -> object:
    table = BreakerTable("breakers", boto3.client("dynamodb"))
    made = []
    for move in (forced_open, closed, closed):
        transition = table.move("api", move, "by hand")
        made.append(transition and (transition.before, transition.after, transition.generation))
    return made


def crash_recorded() -> object:
    given: JsonValue = {"breaker": "api"}
    record_crash(FailedTask(id="t", execution=EXECUTION, input=given, error="Runtime.ExitError", cause="", attempts=1))
    return None


BREAKER = Breaker("api", CircuitBreakerConfig(failure_threshold=2))
SCENARIOS: dict[str, Scenario] = {
    "a task succeeds": lambda: attempts(None),
    "a task fails": lambda: attempts(TransientError()),
    "a task fails and is tried again": lambda: attempts(TransientError(), None, None, run="run-1"),
    "a result is published": lambda: attempts(None, run="run-1", publish=True),
    "a result is published twice": lambda: [
        attempts(None, run="run-1", task="first", publish=True),
        attempts(None, run="run-1", task="instead", stands_for="first", publish=True),
    ],
    "a gate opens": gate_opens,
    "an agent opens its breaker": lambda: attempts(TransientError(), TransientError(), None, breaker=BREAKER),
    "a breaker opens and closes": breaker_opens_and_closes,
    "a breaker is moved by hand": breaker_moved_by_hand,
    "a crash is recorded": crash_recorded,
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_write_that_is_sent_twice_changes_nothing(name: str, sdk: Sdk) -> None:
    expected = outcome(SCENARIOS[name])
    writes = len(sdk.writes)
    assert writes
    for number in range(writes):
        sdk.twice = -1
        empty_tables()
        sdk.writes.clear()
        sdk.twice = number
        assert outcome(SCENARIOS[name]) == expected, f"write {number} of {sdk.writes} was sent twice"


def test_a_delete_that_comes_late_leaves_the_record_of_who_came_next(sdk: Sdk) -> None:
    """The first delete was heard, its answer was lost, and another attempt began before it was sent again."""
    client = boto3.client("dynamodb")

    def another_begins() -> None:
        sdk.twice = -1
        (key,) = keys
        client.put_item(TableName="idempotency", Item={**key, "status": {"S": "INPROGRESS"}, "owner": {"S": "next/1"}})

    keys: list[dict[str, Any]] = []

    def fail(given: Any) -> Any:
        keys.extend({"id": item["id"]} for item in client.scan(TableName="idempotency")["Items"])
        sdk.twice = len(sdk.writes)
        raise TransientError

    echo = Echo(fail)
    sdk.between = another_begins
    with pytest.raises(TransientError):
        echo(SAID)
    (item,) = client.scan(TableName="idempotency")["Items"]
    assert item["owner"] == {"S": "next/1"}


def test_a_put_that_comes_late_does_not_undo_a_result(sdk: Sdk) -> None:
    client = boto3.client("dynamodb")
    sent: dict[str, Any] = {}

    def noticing(send: Callable[..., Any], client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "PutItem" and "#owner" in arguments.get("ExpressionAttributeNames", {}):
            sent.update(arguments)
        return send(client, operation, arguments)

    sdk.send = noticing  # type: ignore[method-assign]
    echo = Echo()
    assert echo(SAID) == SAID
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(**sent)
    assert echo(SAID) == SAID
    assert len(echo.runs) == 1


def test_a_record_is_taken_back_when_every_answer_to_its_write_is_lost(sdk: Sdk) -> None:
    sdk.losing = frozenset({"PutItem"})
    echo = Echo()
    with pytest.raises(PlatformError):
        echo(SAID)
    sdk.losing = frozenset()
    assert echo(SAID, seconds=2.0) == SAID
    assert len(echo.runs) == 1


def test_two_deliveries_of_one_request_are_two_owners(aws: None) -> None:
    assert records().owned_by("request").owner != records().owned_by("request").owner
