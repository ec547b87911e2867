"""An event about an execution that failed becomes a dead letter, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from pydantic import JsonValue, ValidationError

from stepweave.contract.dead_letter import DeadLetter
from stepweave.contract.failure import TRACE_ID, failure_id
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.functions.dead_letters import letter
from stepweave.functions.dead_letters.handler import handler
from stepweave.functions.dead_letters.stored_input import LARGEST_BYTES
from tests.dynamodb_tables import create_table
from tests.unit.functions.dead_letters.histories import EXECUTION, History

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-review"
NESTED = "arn:aws:states:us-east-1:123456789012:execution:stepweave-review-nested-1:x"
TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@dataclass
class Invocation:
    """What the Lambda runtime hands to a handler beside the event."""

    function_name: str = "stepweave-dead-letters"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-dead-letters"
    aws_request_id: str = "7f4a9c1e"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass
class FakeStepFunctions:
    """Executions with their descriptions and histories."""

    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.described:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")
        return self.described[executionArn]

    def get_paginator(self, operation: str) -> FakeStepFunctions:
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn: str, reverseOrder: bool, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert reverseOrder
        events = self.histories[executionArn].backwards()
        for start in range(0, len(events), 2):
            yield {"events": events[start : start + 2]}


@pytest.fixture
def step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    fake = FakeStepFunctions({EXECUTION: {"status": "FAILED", "redriveCount": 0}})
    monkeypatch.setattr(letter, "stepfunctions", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, step_functions: FakeStepFunctions) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("STEPWEAVE_PAYLOAD_BUCKET", "payload")
    monkeypatch.setenv("STEPWEAVE_IDEMPOTENCY_TABLE", "idempotency")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="payload")
        boto3.client("sqs").create_queue(QueueName="stepweave-review-failures")
        create_table(boto3.client("dynamodb"), "idempotency")
        yield


def event(id: str = "1", **detail: Any) -> dict[str, Any]:
    return {
        "id": id,
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "name": "run-1",
            "status": "FAILED",
            "startDate": 1_795_000_000_000,
            "stopDate": 1_795_000_060_000,
            "input": '{"given": 1}',
            "error": "ValueError",
            "cause": "no",
            **detail,
        },
    }


def invoke(**detail: Any) -> None:
    handler(event(**detail), Invocation())  # type: ignore[arg-type]


def letters() -> list[DeadLetter]:
    client = boto3.client("sqs")
    url = client.get_queue_url(QueueName="stepweave-review-failures")["QueueUrl"]
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [DeadLetter.model_validate_json(message["Body"]) for message in messages]


def failing(history: History, task: str, error: str = "ValueError", cause: str = "no", **given: Any) -> History:
    history.end(history.fail(history.schedule(task, history.enter(task), **given), error, cause), error, cause)
    return history


def test_a_letter_says_all_that_a_redrive_needs(step_functions: FakeStepFunctions) -> None:
    step_functions.histories[EXECUTION] = failing(History(), "lint", words=["a"])
    step_functions.described[EXECUTION]["traceHeader"] = f"Root={TRACE};Sampled=1"
    invoke()
    (found,) = letters()
    assert (found.execution, found.state_machine, found.status) == (EXECUTION, MACHINE, "FAILED")
    assert (found.input, found.error, found.cause, found.redrives) == ({"given": 1}, "ValueError", "no", 0)
    assert found.stopped == datetime.fromtimestamp(1_795_000_060, UTC)
    assert found.trace_id == TRACE
    assert found.task is not None
    assert (found.task.id, found.task.execution, found.task.attempts) == ("lint", EXECUTION, 1)
    assert (found.task.error, found.task.cause) == ("ValueError", "no")
    assert found.task.input == {
        "execution": EXECUTION,
        "task": "lint",
        "input": {"words": ["a"]},
        "result_limit_bytes": 1000,
    }


def test_an_event_that_comes_twice_makes_one_letter(step_functions: FakeStepFunctions) -> None:
    step_functions.histories[EXECUTION] = failing(History(), "lint")
    invoke()
    invoke()
    assert len(letters()) == 1
    invoke(id="2")
    assert len(letters()) == 1, "another event is another letter; the command knows that it is the same failure"


def test_an_event_whose_letter_could_not_be_sent_is_tried_again(
    step_functions: FakeStepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_functions.histories[EXECUTION] = failing(History(), "lint")
    with monkeypatch.context() as patched:
        patched.setattr("stepweave.functions.dead_letters.handler.send", _unreachable)
        with pytest.raises(ConnectionError):
            invoke()
    assert letters() == []
    invoke()
    assert len(letters()) == 1


def _unreachable(_: DeadLetter) -> str:
    raise ConnectionError


def test_the_trace_is_also_known_from_the_agent_that_failed(step_functions: FakeStepFunctions) -> None:
    step_functions.histories[EXECUTION] = failing(History(), "lint")
    boto3.client("dynamodb").put_item(
        TableName="idempotency", Item={"id": {"S": failure_id(EXECUTION, "lint")}, TRACE_ID: {"S": TRACE}}
    )
    invoke()
    assert letters()[0].trace_id == TRACE


def test_the_task_of_a_nested_execution_is_found(step_functions: FakeStepFunctions) -> None:
    cause = json.dumps({"ExecutionArn": NESTED, "Status": "FAILED"})
    history = History()
    scheduled = history.add("TaskScheduled", history.enter("part 1"), taskScheduledEventDetails={"parameters": "{}"})
    details = {"error": "States.TaskFailed", "cause": cause}
    history.end(history.add("TaskFailed", scheduled, taskFailedEventDetails=details), "States.TaskFailed", cause)
    step_functions.histories = {EXECUTION: history, NESTED: failing(History(), "deep", "KeyError", "x")}
    step_functions.described[NESTED] = {"status": "FAILED", "error": "KeyError", "cause": "x"}
    invoke(error="States.TaskFailed", cause=cause)
    (found,) = letters()
    assert found.task is not None
    assert (found.task.id, found.task.error, found.error) == ("deep", "KeyError", "States.TaskFailed")

    step_functions.described[NESTED]["status"] = "TIMED_OUT"
    invoke(id="2", error="States.TaskFailed", cause=cause)
    (found,) = letters()
    assert found.task is not None
    assert found.task.id == "part 1", "nothing failed in it, it took too long"


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_where_no_task_failed_the_letter_names_none(step_functions: FakeStepFunctions, status: str) -> None:
    invoke(status=status, error=None, cause=None)
    (found,) = letters()
    assert (found.status, found.task, found.error, found.cause) == (status, None, "", "")


def test_large_inputs_go_to_s3(step_functions: FakeStepFunctions) -> None:
    large: dict[str, JsonValue] = {"text": "é" * LARGEST_BYTES}
    step_functions.histories[EXECUTION] = failing(History(), "lint", text=large["text"])
    step_functions.described[EXECUTION]["input"] = json.dumps(large)
    invoke(input=None)  # as EventBridge leaves it out
    (found,) = letters()
    assert found.task is not None
    for reference, expected in ((found.input, large), (found.task.input, None)):
        assert isinstance(reference, dict)
        where: Any = reference[REFERENCE_KEY]
        assert where["key"].startswith("dead-letters/stepweave-review/run-1/")
        body = boto3.client("s3").get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
        assert expected is None or json.loads(body) == expected


def test_what_was_redriven_since_makes_no_letter(step_functions: FakeStepFunctions) -> None:
    step_functions.described[EXECUTION] = {"status": "RUNNING", "redriveCount": 2}
    invoke(redriveCount=1)
    assert letters() == []


def test_an_execution_that_is_gone_still_makes_a_letter(step_functions: FakeStepFunctions) -> None:
    step_functions.described.clear()
    invoke()
    (found,) = letters()
    assert (found.error, found.input, found.task) == ("ValueError", {"given": 1}, None)


def test_another_event_is_refused() -> None:
    with pytest.raises(ValidationError):
        invoke(status="SUCCEEDED")
