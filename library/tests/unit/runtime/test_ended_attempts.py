"""What an execution's history tells of an attempt that died, and what the next attempt makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stepweave.runtime import ended_attempts
from stepweave.runtime.ended_attempts import has_ended

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"
REQUEST = "1b671a64-40d5-491e-99b0-da01ff1f3341"
OTHER = "6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SAID: Any = {"words": ["a"], "note": None}

EVENT: Any = {"execution": EXECUTION, "task": "echo", "input": {"said": SAID}, "result_limit_bytes": 100_000}


@dataclass
class History:
    """Step Functions with the history of one execution, its last event first."""

    events: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    asked: list[str] = field(default_factory=list)

    def get_paginator(self, operation: str) -> History:
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn: str, reverseOrder: bool, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert reverseOrder
        self.asked.append(executionArn)
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "GetExecutionHistory")
        for event in self.events:
            yield {"events": [event]}


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    fake = History()
    monkeypatch.setattr(ended_attempts, "stepfunctions", lambda: fake)
    return fake


def failed(error: str, cause: str, at: datetime = NOW) -> dict[str, Any]:
    details = {"error": error, "cause": cause}
    return {"type": "LambdaFunctionFailed", "timestamp": at, "lambdaFunctionFailedEventDetails": details}


def report(error: str, message: str, **more: Any) -> dict[str, Any]:
    return failed(error, json.dumps({"errorType": error, "errorMessage": message, **more}))


@pytest.mark.parametrize(
    "event",
    [
        report("Runtime.ExitError", f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed"),
        report("Runtime.OutOfMemory", f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed"),
        report("Sandbox.Timedout", f"RequestId: {REQUEST} Error: Task timed out after 3.00 seconds"),
        failed(
            "Lambda.Unknown", f'{{"errorMessage":"2030-01-01T00:00:00Z {REQUEST} Task timed out after 3.00 seconds"}}'
        ),
        failed("Lambda.Unknown", f"The cause could not be determined. Returned payload: RequestId: {REQUEST} ..."),
        report("ValueError", "the error of the agent, whose record could not be deleted", requestId=REQUEST),
    ],
)
def test_lambda_names_the_request_of_an_attempt_that_ended(history: History, event: dict[str, Any]) -> None:
    history.events = [report("Other", "x", requestId=OTHER), event]
    assert has_ended(EXECUTION, REQUEST, NOW.timestamp())
    assert not has_ended(EXECUTION, OTHER[::-1], NOW.timestamp())


@pytest.mark.parametrize(
    "event",
    [
        {"type": "LambdaFunctionTimedOut", "timestamp": NOW, "lambdaFunctionTimedOutEventDetails": {"cause": REQUEST}},
        failed("Lambda.SdkClientException", "Read timed out"),
        failed("Lambda.TooManyRequestsException", f"Rate Exceeded. (Service: Lambda, Request ID: {OTHER})"),
        report("ValueError", f"speaks of {REQUEST}", requestId=OTHER),
        {"type": "LambdaFunctionSucceeded", "timestamp": NOW, "lambdaFunctionSucceededEventDetails": {"output": "1"}},
    ],
)
def test_an_attempt_that_was_given_up_may_still_run(history: History, event: dict[str, Any]) -> None:
    history.events = [event]
    assert not has_ended(EXECUTION, REQUEST, NOW.timestamp())


def test_no_more_is_read_than_happened_since(history: History) -> None:
    crash = report("Runtime.ExitError", f"RequestId: {REQUEST} Error")
    history.events = [failed("E", "", NOW - timedelta(hours=1)), crash]
    assert not has_ended(EXECUTION, REQUEST, NOW.timestamp())


def test_a_history_that_cannot_be_read_tells_nothing(history: History) -> None:
    history.error = "AccessDeniedException"
    assert not has_ended(EXECUTION, REQUEST, NOW.timestamp())


class CutOffError(BaseException):
    """Stands for the end of the process: nothing after it runs."""


def _die(given: Any) -> Any:
    raise CutOffError


def _dies(echo: Echo, **event: Any) -> None:
    echo.act = _die
    with pytest.raises(CutOffError):
        echo(SAID, **event)
    echo.act = lambda given: given.said


def test_the_next_attempt_takes_the_place_of_a_dead_one_at_once(
    echo: Echo, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stepweave.runtime.idempotency.time.sleep", lambda _: pytest.fail("it waited"))
    _dies(echo)
    crash = report("Runtime.ExitError", "RequestId: 7f4a9c1e Error: Runtime exited")
    history.events = [{**crash, "timestamp": datetime.now(UTC)}]
    assert echo(SAID) == SAID
    assert history.asked == [EXECUTION]
    assert len(echo.runs) == 2


def test_of_a_part_its_own_history_is_read(echo: Echo, history: History, invocation: Any) -> None:
    part = EXECUTION.replace("run-1", "part")
    _dies(echo)
    with pytest.raises(Exception, match="already in progress"):
        echo.handler({**EVENT, "part": part}, invocation(seconds=0.1))
    assert history.asked == [part]


def test_a_record_of_the_last_version_is_waited_for(echo: Echo, history: History) -> None:
    """It does not say whose it is."""
    _dies(echo)
    table = boto3.resource("dynamodb").Table("idempotency")
    (item,) = table.scan()["Items"]
    table.put_item(Item={name: value for name, value in item.items() if name not in {"owner", "started"}})
    with pytest.raises(Exception, match="already in progress"):
        echo(SAID, seconds=2)
    assert history.asked == []


def test_an_overlapping_attempt_answers_before_its_state_gives_it_up(
    echo: Echo, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("stepweave.runtime.idempotency.time.sleep", waited.append)
    _dies(echo)

    class Clock:
        function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "arn", OTHER

        def get_remaining_time_in_millis(self) -> int:
            return int(60_000 - sum(waited) * 1000)

    with pytest.raises(Exception, match="already in progress"):
        echo.handler({**EVENT, "timeout_seconds": 5}, Clock())  # type: ignore[arg-type]
    assert 0 < sum(waited) < 4
    assert len(history.asked) < len(waited), "the history is not read before each wait"
    assert len(echo.runs) == 1
