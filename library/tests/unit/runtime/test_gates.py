"""Agents that arrive at gates, publish, and fetch what others published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from pydantic import JsonValue

from stepweave.contract.gate import PUBLISHED_KEY, item_id
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.runtime import gates
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import ResultNotPublishedError
from stepweave.runtime.payload import offload

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo, EchoInput, Words

SAID: JsonValue = {"words": ["a"], "note": None}
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"


@dataclass
class Waiters:
    """Stands for Step Functions: takes the tokens that are sent, and may answer with an error."""

    woken: list[str] = field(default_factory=list)
    answer: str | None = None

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803 - as boto3 spells it
        assert output == "{}"
        self.woken.append(taskToken)
        if self.answer:
            raise ClientError({"Error": {"Code": self.answer}}, "SendTaskSuccess")


@pytest.fixture
def waiters(monkeypatch: pytest.MonkeyPatch) -> Waiters:
    fake = Waiters()
    monkeypatch.setattr(gates, "stepfunctions", lambda: fake)
    return fake


def _wait(gate: str, token: str, need: int) -> bool:
    """Do what the state that waits does; tell whether it has to wait."""
    table = boto3.client("dynamodb")
    try:
        table.update_item(
            TableName="gates",
            Key={"id": {"S": item_id(EXECUTION, gate)}},
            ConditionExpression="attribute_not_exists(arrived) OR arrived < :need",
            UpdateExpression="SET waiter = :token",
            ExpressionAttributeValues={":need": {"N": str(need)}, ":token": {"S": token}},
        )
    except table.exceptions.ConditionalCheckFailedException:
        return False
    return True


def test_the_last_to_arrive_wakes_who_waits(echo: Echo, waiters: Waiters) -> None:
    assert _wait("g", "token", need=2)
    echo(SAID, task="one", gates={"g": 2})
    assert waiters.woken == []
    echo(SAID, task="two", gates={"g": 2})
    assert waiters.woken == ["token"]


def test_who_comes_when_all_have_arrived_does_not_wait(echo: Echo, waiters: Waiters) -> None:
    echo(SAID, gates={"g": 1})
    assert not _wait("g", "token", need=1)
    assert waiters.woken == []


def test_a_repeated_invocation_counts_once_and_wakes_again(echo: Echo, waiters: Waiters) -> None:
    """The first may have died after it arrived and before it woke anyone."""
    assert _wait("g", "token", need=2)
    echo(SAID, task="one", gates={"g": 2})
    echo(SAID, task="one", gates={"g": 2})
    assert waiters.woken == []
    echo(SAID, task="two", gates={"g": 2})
    echo(SAID, task="two", gates={"g": 2})
    assert waiters.woken == ["token", "token"]
    assert len(echo.runs) == 2


def test_a_redriven_wait_is_woken_by_its_new_token(echo: Echo, waiters: Waiters) -> None:
    assert _wait("g", "old", need=1)
    assert _wait("g", "new", need=1)
    echo(SAID, gates={"g": 1})
    assert waiters.woken == ["new"]


@pytest.mark.parametrize("answer", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_stale_token_does_no_harm(echo: Echo, waiters: Waiters, answer: str) -> None:
    waiters.answer = answer
    assert _wait("g", "token", need=1)
    assert echo(SAID, gates={"g": 1}) == SAID


def test_another_refusal_is_an_error_and_the_result_is_kept(echo: Echo, waiters: Waiters) -> None:
    waiters.answer = "AccessDeniedException"
    assert _wait("g", "token", need=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        echo(SAID, gates={"g": 1})
    waiters.answer = None
    assert echo(SAID, gates={"g": 1}) == SAID
    assert len(echo.runs) == 1
    assert waiters.woken == ["token", "token"]


def test_several_gates_are_all_reached(echo: Echo, waiters: Waiters) -> None:
    names = {f"gate {number}": 1 for number in range(12)}
    for name in names:
        assert _wait(name, name, need=1)
    echo(SAID, gates=dict(names))
    assert sorted(waiters.woken) == sorted(names)


def test_a_published_result_is_fetched_by_name(echo: Echo) -> None:
    echo(SAID, task="first", publish=True)
    assert echo({PUBLISHED_KEY: "first"}, task="second", others=[{PUBLISHED_KEY: "first"}]) == SAID
    assert [other.model_dump() for other in echo.runs[-1].others] == [SAID]


def test_a_published_failure_is_fetched_as_a_failure(echo: Echo) -> None:
    boto3.client("dynamodb").put_item(
        TableName="gates",
        Item={"id": {"S": item_id(EXECUTION, "first")}, "result": {"S": '{"Error":"Down","Cause":"why"}'}},
    )
    echo(SAID, others=[{PUBLISHED_KEY: "first"}], optional={PUBLISHED_KEY: "first"})
    assert echo.runs[0].others[0].error == "Down"  # type: ignore[union-attr]
    assert echo.runs[0].optional is None


def test_the_first_published_result_stays(echo: Echo, make_echo: type[Echo]) -> None:
    echo(SAID, task="first", publish=True)
    make_echo()({"words": ["b"]}, task="first", publish=True)
    assert echo({PUBLISHED_KEY: "first"}, task="second") == SAID


def test_what_is_returned_is_what_was_published(echo: Echo, make_echo: type[Echo]) -> None:
    """A fallback that ran since the task had timed out, and the task itself, which came to its end after all."""
    assert echo(SAID, task="fallback", stands_for="first", publish=True) == SAID
    assert make_echo()({"words": ["late"]}, task="first", publish=True) == SAID


def test_a_fallback_publishes_and_arrives_in_the_name_of_its_task(echo: Echo, waiters: Waiters) -> None:
    assert _wait("g", "token", need=2)
    echo(SAID, task="first", gates={"g": 2})
    echo(SAID, task="fallback", stands_for="first", gates={"g": 2}, publish=True)
    assert waiters.woken == [], "both are one task, which counts once"
    echo({PUBLISHED_KEY: "first"}, task="second", gates={"g": 2})
    assert waiters.woken == ["token"]


def test_a_large_result_is_published_by_reference(echo: Echo) -> None:
    large: JsonValue = {"words": ["w" * 5000], "note": None}
    sent = echo(large, task="first", publish=True, limit=1000)
    assert isinstance(sent, dict)
    assert REFERENCE_KEY in sent
    assert echo({PUBLISHED_KEY: "first"}, task="second") == large


def test_hundreds_of_results_are_fetched(echo: Echo, make_words: Callable[[EchoInput], Words]) -> None:
    echo.act = make_words
    for number in range(230):
        boto3.client("dynamodb").put_item(
            TableName="gates",
            Item={
                "id": {"S": item_id(EXECUTION, f"t{number}")},
                "result": {"S": f'{{"words":["{number}"]}}'},
            },
        )
    result = echo(SAID, task="gather", others=[{PUBLISHED_KEY: f"t{number}"} for number in range(230)])
    assert result == {"words": [str(number) for number in range(230)], "note": None}


@pytest.fixture
def make_words() -> Callable[[EchoInput], Words]:
    def gathered(given: EchoInput) -> Words:
        words = [word for other in given.others for word in other.words]  # type: ignore[union-attr]
        return given.said.model_copy(update={"words": words})

    return gathered


def test_a_result_that_was_not_published_is_a_clear_error(echo: Echo) -> None:
    with pytest.raises(ResultNotPublishedError, match="no result of first"):
        echo({PUBLISHED_KEY: "first"})


def test_a_plain_result_that_looks_like_a_published_one_goes_by_reference(aws: None) -> None:
    """Else the next task would fetch what it says."""
    sent = offload({"inner": {PUBLISHED_KEY: "x"}}, TaskContext(EXECUTION, "first"), 100_000)
    assert isinstance(sent, dict)
    assert list(sent) == [REFERENCE_KEY]
