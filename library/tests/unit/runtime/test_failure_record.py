"""The record of a failed attempt's trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from stepweave.contract.failure import failure_id
from stepweave.runtime.errors import InvalidInputError

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo

SAID: Any = {"words": ["a"], "note": None}
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"
TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture
def failing(echo: Echo) -> Echo:
    def fail(given: object) -> Any:
        raise ValueError("no good")

    echo.act = fail
    return echo


def _records() -> list[dict[str, Any]]:
    items: list[Any] = boto3.resource("dynamodb").Table("idempotency").scan()["Items"]
    return [item for item in items if item["id"].startswith("failure#")]


def test_the_trace_of_a_failed_attempt_is_written_down(failing: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1")
    with pytest.raises(ValueError, match="no good"):
        failing(SAID, task="fetch")
    (record,) = _records()
    assert record["id"] == failure_id(EXECUTION, "fetch")
    assert (record["trace_id"], record["error"]) == (TRACE, "ValueError")
    assert record["expiration"] > 0


def test_where_no_trace_is_kept_nothing_is_written(failing: Echo) -> None:
    with pytest.raises(ValueError, match="no good"):
        failing(SAID)
    assert _records() == []


def test_an_event_that_names_no_task_is_left_alone(
    failing: Echo, invocation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE}")
    with pytest.raises(InvalidInputError):
        failing.handler({"execution": EXECUTION}, invocation())
    assert _records() == []


def test_the_error_is_raised_even_if_its_record_cannot_be_written(
    failing: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE}")

    def fail(given: object) -> Any:
        boto3.client("dynamodb").delete_table(TableName="idempotency")
        raise ValueError("no good")

    failing.act = fail
    with pytest.raises(ValueError, match="no good"):
        failing(SAID)
