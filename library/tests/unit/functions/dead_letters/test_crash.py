"""A crash that ended its execution is told to the circuit breaker."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from stepweave.contract.breaker import CRASH_ERRORS, crash_of, probe_owner
from stepweave.contract.dead_letter import FailedTask
from stepweave.functions.dead_letters.crash import record_crash
from tests.dynamodb_tables import create_table

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-review:run-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("STEPWEAVE_BREAKERS_TABLE", "breakers")
    with mock_aws():
        create_table(boto3.client("dynamodb"), "breakers")
        yield


def failed(error: str, breaker: str | None = "github-api") -> FailedTask:
    event = {"task": "scan", "input": {}} if breaker is None else {"task": "scan", "input": {}, "breaker": breaker}
    return FailedTask(id="scan", execution=EXECUTION, input=event, error=error, attempts=1)


def items() -> list[dict[str, object]]:
    return boto3.resource("dynamodb").Table("breakers").scan()["Items"]  # type: ignore[return-value]


@pytest.mark.parametrize("error", CRASH_ERRORS)
def test_a_crash_is_recorded_once_however_often_it_is_told(error: str) -> None:
    record_crash(failed(error))
    record_crash(failed(error))
    (item,) = items()
    assert set(item) == {"id", crash_of(probe_owner(EXECUTION, "scan"))}
    assert item["id"] == "github-api"


@pytest.mark.parametrize(
    "task", [failed("ValueError"), failed("CircuitOpenError"), failed("States.Timeout", breaker=None)]
)
def test_what_is_no_crash_of_a_guarded_agent_is_not(task: FailedTask) -> None:
    record_crash(task)
    assert items() == []


def test_a_breaker_that_cannot_be_told_does_not_lose_the_letter(caplog: pytest.LogCaptureFixture) -> None:
    boto3.client("dynamodb").delete_table(TableName="breakers")
    record_crash(failed("Runtime.ExitError"))
    assert "github-api could not be told" in caplog.text
