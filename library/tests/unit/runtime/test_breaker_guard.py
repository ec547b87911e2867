"""An agent whose contract names a circuit breaker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from stepweave.contract.breaker import EVENT_SOURCE, EVENT_TYPE, Breaker, CircuitBreakerConfig
from stepweave.contract.breaker_item import BreakerItem, State, read_item
from stepweave.runtime.breaker_errors import CircuitOpenError
from stepweave.runtime.errors import ConfigurationError, InvalidInputError, TransientError

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo

SAID: Any = {"words": ["a"], "note": None}
BREAKER = Breaker("github-api", CircuitBreakerConfig(failure_threshold=2), ignored_errors=("LookupError",))


@pytest.fixture
def guarded(aws: None, make_echo: Any) -> Any:
    return make_echo(breaker=BREAKER)


def _item() -> BreakerItem:
    answer: Any = boto3.client("dynamodb").get_item(TableName="breakers", Key={"id": {"S": "github-api"}})
    return read_item(answer.get("Item", {}))


def _fail_with(error: Exception) -> Any:
    def act(given: object) -> Any:
        raise error

    return act


def _open(echo: Echo) -> None:
    echo.act = _fail_with(TransientError("busy"))
    for run in ("one", "two"):
        with pytest.raises(TransientError):
            echo(SAID, run=run)
    assert _item().state is State.OPEN
    echo.act = lambda given: given.said


def test_failures_open_it_and_then_the_function_is_not_run(guarded: Echo) -> None:
    _open(guarded)
    with pytest.raises(CircuitOpenError, match="circuit breaker github-api is open"):
        guarded(SAID, run="three")
    assert len(guarded.runs) == 2


def test_agents_of_one_breaker_share_it(guarded: Echo, make_echo: Any) -> None:
    _open(guarded)
    with pytest.raises(CircuitOpenError):
        make_echo(breaker=BREAKER)(SAID)


def test_a_stored_result_is_returned_without_asking_it(guarded: Echo) -> None:
    assert guarded(SAID) == SAID
    _open(guarded)
    assert guarded(SAID) == SAID


@pytest.mark.parametrize("error", [KeyError("unknown user"), InvalidInputError("not mine")])
def test_errors_that_say_nothing_do_not_count(guarded: Echo, error: Exception) -> None:
    guarded.act = _fail_with(error)
    for run in range(3):
        with pytest.raises(type(error)):
            guarded(SAID, run=f"run-{run}")
    assert _item() == BreakerItem()


def test_an_input_that_does_not_fit_never_reaches_it(guarded: Echo) -> None:
    for run in range(3):
        with pytest.raises(InvalidInputError):
            guarded({"words": 7}, run=f"run-{run}")
    assert _item() == BreakerItem()


def test_a_probe_is_owned_by_its_task_for_as_long_as_its_invocation_lasts(guarded: Echo) -> None:
    _open(guarded)
    boto3.client("dynamodb").update_item(
        TableName="breakers",
        Key={"id": {"S": "github-api"}},
        UpdateExpression="SET retry_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    held: list[Any] = []

    def probe(given: Any) -> Any:
        held.append(_item())
        return given.said

    guarded.act = probe
    # Another environment: this one may know for a second that the breaker is open.
    _forget()
    assert guarded(SAID, run="probing", task="fetch") == SAID
    (lease,) = held[0].probes.values()
    assert lease.owner == "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:probing#fetch"
    assert 30_000 < lease.until - held[0].since <= 35_000  # the invocation has 30 s, clocks differ by at most 5
    assert (_item().state, _item().successes, _item().probes) == (State.HALF_OPEN, 1, {})


def _forget() -> None:
    from stepweave.runtime import breaker_guard  # noqa: PLC0415

    breaker_guard._circuit.cache_clear()


def test_transitions_are_events_and_metrics(aws: None, make_echo: Any, capsys: pytest.CaptureFixture[str]) -> None:
    queue = _listen()
    echo = make_echo(breaker=BREAKER)  # after capsys, so that its logger writes there
    _open(echo)
    with pytest.raises(CircuitOpenError):
        echo(SAID, run="three")
    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == (EVENT_SOURCE, EVENT_TYPE)
    detail = event["detail"]
    assert detail.keys() == {"breaker", "from", "to", "generation", "at", "reason", "retry_after"}
    assert [detail[key] for key in ("breaker", "from", "to", "generation")] == ["github-api", "CLOSED", "OPEN", 1]
    assert detail["retry_after"] > detail["at"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("BreakerOpened") for line in lines if "_aws" in line] == [None, [1.0], None]
    assert [line.get("BreakerRejections") for line in lines if "_aws" in line] == [None, None, [1.0]]


def _listen() -> str:
    events, sqs = boto3.client("events"), boto3.client("sqs")
    events.create_event_bus(Name="stepweave")
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    events.put_rule(Name="all", EventBusName="stepweave", EventPattern=json.dumps({"source": [EVENT_SOURCE]}))
    arn = "arn:aws:sqs:us-east-1:123456789012:events"
    events.put_targets(Rule="all", EventBusName="stepweave", Targets=[{"Id": "queue", "Arn": arn}])
    return queue


def test_an_event_that_cannot_be_sent_fails_no_task(
    guarded: Echo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STEPWEAVE_EVENT_BUS", "missing")
    _open(guarded)
    monkeypatch.delenv("STEPWEAVE_EVENT_BUS")
    with pytest.raises(CircuitOpenError):
        guarded(SAID, run="three")


def test_a_table_that_is_missing_lets_calls_through(guarded: Echo) -> None:
    boto3.client("dynamodb").delete_table(TableName="breakers")
    assert guarded(SAID) == SAID


def test_a_missing_setting_is_named(guarded: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEPWEAVE_BREAKERS_TABLE")
    with pytest.raises(ConfigurationError, match="STEPWEAVE_BREAKERS_TABLE"):
        guarded(SAID)
