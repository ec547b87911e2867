"""What a later release wrote is refused by name, as something that the platform's retrier repeats."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pydantic import ValidationError

from stepweave.cdk.naming import QueueKind
from stepweave.command.dlq.letter import Unreadable, read_letter
from stepweave.contract.admission import AdmissionEvent
from stepweave.contract.breaker import Breaker
from stepweave.contract.breaker_item import read_item
from stepweave.contract.dead_letter import DeadLetter
from stepweave.contract.event import TaskEvent
from stepweave.contract.formats import NewerFormatError, Versioned
from stepweave.contract.reference import REFERENCE_KEY, ResultReference
from stepweave.contract.retry import PLATFORM_ERRORS
from stepweave.runtime.errors import InvalidInputError, PlatformError

if TYPE_CHECKING:
    from tests.unit.runtime.conftest import Echo, Invocation

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:stepweave-echo:run-1"
SAID: Any = {"words": ["a"], "note": None}
NEWER = {"N": "9"}
MODELS: list[type[Versioned]] = [TaskEvent, AdmissionEvent, DeadLetter, ResultReference]


@pytest.mark.parametrize("model", MODELS)
def test_the_version_is_looked_at_before_fields_that_may_be_unknown(model: type[Versioned]) -> None:
    with pytest.raises(NewerFormatError, match=r"is of version 9, and this release of Stepweave reads versions up to "):
        model.model_validate({"version": 9, "unheard of": 1})


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("version", [0, -1, "two", None])
def test_what_is_no_version_is_refused(model: type[Versioned], version: object) -> None:
    with pytest.raises(ValidationError, match="version"):
        model.model_validate({"version": version})


def test_the_first_version_is_written_by_leaving_it_out() -> None:
    """Functions are deployed one after another, and those of the release before refuse what they do not know."""
    reference = ResultReference(bucket="b", key="k", size=1, sha256="s")
    assert reference.model_dump(mode="json") == {"bucket": "b", "key": "k", "size": 1, "sha256": "s"}


def test_an_event_of_a_later_release_is_retried_and_not_run(echo: Echo, invocation: type[Invocation]) -> None:
    event = {"version": 9, "execution": EXECUTION, "task": "echo", "inputs": {}}
    with pytest.raises(PlatformError, match="the event of a task is of version 9"):
        echo.handler(event, invocation())  # type: ignore[arg-type]
    assert PlatformError.__name__ in PLATFORM_ERRORS
    assert echo.runs == []


def test_an_event_without_a_version_that_fits_no_other_is_no_event(echo: Echo, invocation: type[Invocation]) -> None:
    with pytest.raises(InvalidInputError, match="version"):
        echo.handler({"version": "new", "execution": EXECUTION}, invocation())  # type: ignore[arg-type]


def test_a_reference_of_a_later_release_is_retried(echo: Echo) -> None:
    with pytest.raises(PlatformError, match="a reference to an object in S3 is of version 9"):
        echo({REFERENCE_KEY: {"version": 9, "where": "elsewhere"}})


def test_a_published_result_of_a_later_release_is_retried(echo: Echo) -> None:
    _put("gates", f"{EXECUTION}#other", result={"B": b"x"})
    with pytest.raises(PlatformError, match="the item of a gate or of a published result is of version 9"):
        echo({"stepweave:published": "other"})


def test_a_gate_of_a_later_release_is_retried(echo: Echo) -> None:
    _put("gates", f"{EXECUTION}#meet", waiter={"S": "token"})
    with pytest.raises(PlatformError, match="the item of a gate"):
        echo(SAID, gates={"meet": 1})


def test_a_record_of_a_later_release_is_retried_and_its_task_not_run(echo: Echo) -> None:
    echo(SAID)
    (item,) = boto3.client("dynamodb").scan(TableName="idempotency")["Items"]
    boto3.client("dynamodb").put_item(TableName="idempotency", Item={**item, "version": NEWER})
    with pytest.raises(PlatformError, match="the record of a task"):
        echo(SAID)
    assert len(echo.runs) == 1


def test_a_breaker_of_a_later_release_counts_as_out_of_reach(
    aws: None, make_echo: type[Echo], caplog: pytest.LogCaptureFixture
) -> None:
    """What then becomes of calls is the author's choice, as it is when the table fails."""
    _put("breakers", "later")
    echo = make_echo(breaker=Breaker("later"))
    assert echo(SAID) == SAID
    assert "the item of a circuit breaker is of version 9" in caplog.text


def test_an_item_of_a_breaker_without_a_version_is_of_the_first() -> None:
    assert read_item({"generation": {"N": "3"}}) == read_item({"generation": {"N": "3"}, "version": {"N": "1"}})


def test_a_dead_letter_of_a_later_release_is_listed_and_left_alone() -> None:
    letter = read_letter("q-failures", QueueKind.FAILURES, json.dumps({"version": 9}), {}, datetime.now(UTC))
    assert isinstance(letter, Unreadable)
    assert "a dead letter is of version 9" in letter.error


def _put(table: str, key: str, **attributes: Any) -> None:
    boto3.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}, "version": NEWER, **attributes})
