from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.step_functions.ended_executions import ended_executions
from stepweave.local_cloud.adapters.step_functions.past_executions import FiledHistory, PastExecution
from stepweave.local_cloud.batches import Batches
from tests.unit.local_cloud.adapters.conftest import Engine

REDRIVABLE, KEPT = 2, 3
TASK = {
    "StartAt": "Task",
    "States": {
        "Task": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:task", "End": True}
    },
}


class Ended:
    def __init__(self, engine: Engine, filing: Batches[Any]) -> None:
        self.engine = engine
        self.filing = filing
        self.machine = engine.create(TASK)

    def run(self, **execution_input: Any) -> dict[str, Any]:
        arn = self.engine.start(self.machine, execution_input)
        before = self.engine.end(arn)
        before["history"] = self.engine.history(arn)
        self.filing.flush()
        return before

    def described(self, before: dict[str, Any]) -> dict[str, Any]:
        after = self.engine.client.describe_execution(executionArn=before["executionArn"])
        after["history"] = self.engine.history(before["executionArn"])
        return {name: value for name, value in after.items() if name in before}


@pytest.fixture
def ended(engine: Engine) -> Iterator[Ended]:
    engine.functions.by_name["task"] = lambda event: {"was": event["fails"] and 1 / 0}
    with ExitStack() as stack:
        yield Ended(engine, stack.enter_context(ended_executions(REDRIVABLE, KEPT)))


def execution(arn: str) -> Any:
    return stepfunctions_parser_backends[ACCOUNT_ID][REGION].describe_execution(arn)


def without_metadata(description: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name != "ResponseMetadata"}


def test_what_succeeded_is_described_as_before(ended: Ended) -> None:
    before = ended.run(fails=0, text="\u20ac")
    assert isinstance(execution(before["executionArn"]), PastExecution)
    assert without_metadata(ended.described(before)) == without_metadata(before)
    ended.engine.client.stop_execution(executionArn=before["executionArn"])
    with pytest.raises(ClientError, match="is SUCCEEDED and cannot be redriven"):
        ended.engine.client.redrive_execution(executionArn=before["executionArn"])


def test_what_failed_can_be_redriven_as_long_as_it_is_one_of_the_last(ended: Ended) -> None:
    first, *last = [ended.run(fails=1) for _ in range(1 + REDRIVABLE)]
    assert without_metadata(ended.described(last[0])) == without_metadata(last[0])
    assert isinstance(
        execution(last[0]["executionArn"]).exec_worker.env.event_manager._history_event_list, FiledHistory
    )
    after = ended.described(first)
    assert (after.pop("redriveStatus"), first.pop("redriveStatus")) == ("NOT_REDRIVABLE", "REDRIVABLE")
    assert without_metadata(after) == without_metadata(first)
    with pytest.raises(ClientError, match="redrivable period exceeded"):
        ended.engine.client.redrive_execution(executionArn=first["executionArn"])

    ended.engine.functions.by_name["task"] = lambda _event: "mended"
    ended.engine.client.redrive_execution(executionArn=last[0]["executionArn"])
    assert ended.engine.end(last[0]["executionArn"])["output"] == '"mended"'
    ended.filing.flush()
    kinds = ended.engine.kinds(last[0]["executionArn"])
    assert [kinds[0], kinds[-1]] == ["ExecutionStarted", "ExecutionSucceeded"]
    assert "ExecutionRedriven" in kinds
    assert isinstance(execution(last[0]["executionArn"]), PastExecution)


def test_the_oldest_are_forgotten(ended: Ended) -> None:
    first, *others = [ended.run(fails=0) for _ in range(1 + KEPT)]
    listed = ended.engine.client.list_executions(stateMachineArn=ended.machine)["executions"]
    assert {each["executionArn"] for each in listed} == {each["executionArn"] for each in others}
    with pytest.raises(ended.engine.client.exceptions.ExecutionDoesNotExist):
        ended.engine.client.describe_execution(executionArn=first["executionArn"])


def test_a_name_is_still_taken(ended: Ended) -> None:
    start = ended.engine.client.start_execution
    arn = start(stateMachineArn=ended.machine, name="once", input='{"fails": 0}')["executionArn"]
    ended.engine.end(arn)
    ended.filing.flush()
    with pytest.raises(ended.engine.client.exceptions.ExecutionAlreadyExists):
        start(stateMachineArn=ended.machine, name="once", input='{"fails": 1}')


def test_upstream_still_keeps_what_an_execution_ran_with(engine: Engine) -> None:
    engine.functions.by_name["task"] = lambda event: event
    arn = engine.start(TASK)
    engine.end(arn)
    assert isinstance(execution(arn).exec_worker.env.event_manager._history_event_list, list)
