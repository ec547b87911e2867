"""How messages of the dead-letter queues are read, and what letters are known by."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stepweave.cdk.naming import QueueKind
from stepweave.command.dlq.letter import FailedExecution, FailedInvocation, Letter, Unreadable, read_letter
from stepweave.contract.dead_letter import DeadLetter, FailedTask

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:stepweave-word-count"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:stepweave-word-count:run-1"
SENT = datetime(2026, 1, 2, tzinfo=UTC)


def dead_letter(**changes: Any) -> DeadLetter:
    values = {
        "execution": EXECUTION,
        "state_machine": MACHINE,
        "status": "FAILED",
        "started": SENT,
        "stopped": SENT,
        "redrives": 0,
        "input": {},
        "error": "ValueError",
        "task": FailedTask(id="lint", execution=EXECUTION, input={}, error="ValueError", attempts=2),
    }
    return DeadLetter.model_validate(values | changes)


def event(**detail: Any) -> str:
    change = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": "FAILED", "startDate": 1_700_000_000_000}
    kind = "Step Functions Execution Status Change"
    return json.dumps({"id": "1", "detail-type": kind, "source": "aws.states", "detail": change | detail})


def read(body: str, kind: QueueKind = QueueKind.FAILURES, **attributes: str) -> Letter:
    return read_letter(f"stepweave-x-{kind}", kind, body, attributes, SENT)


def test_a_dead_letter_is_read_as_it_was_written() -> None:
    letter = dead_letter()
    found = read(letter.model_dump_json())
    assert found == FailedExecution(letter)
    assert found.owner == "word-count"


@pytest.mark.parametrize("kind", list(QueueKind))
def test_an_event_about_an_execution_is_a_failed_execution_wherever_it_waits(kind: QueueKind) -> None:
    found = read(event(input='{"a": 1}', error="E", cause="c", redriveCount=2), kind, TARGET_ARN="arn:...")
    assert isinstance(found, FailedExecution)
    assert not found.examined
    assert (found.letter.input, found.letter.error, found.letter.redrives) == ({"a": 1}, "E", 2)
    assert found.failed == SENT, "the event did not say when"


def test_one_failure_is_one_letter_whichever_message_tells_of_it() -> None:
    examined, raw = read(dead_letter(redrives=1).model_dump_json()), read(event(redriveCount=1))
    again = read(event(redriveCount=2))
    assert examined.id == raw.id
    assert examined.id != again.id
    assert isinstance(examined, FailedExecution)
    assert len(examined.token) == 64, "the longest token that RedriveExecution takes"


def test_the_event_of_an_asynchronous_invocation_is_known_with_its_function() -> None:
    body = '{"any": "event"}'
    found = read_letter(
        "stepweave-linter-invocations",
        QueueKind.INVOCATIONS,
        body,
        {"RequestID": "1", "ErrorMessage": "no such file"},
        SENT,
    )
    assert found == FailedInvocation("stepweave-linter", body, "1", "no such file", SENT)
    other = read_letter("stepweave-linter-invocations", QueueKind.INVOCATIONS, body, {"RequestID": "2"}, SENT)
    assert found.id != other.id


@pytest.mark.parametrize("qualifier", ["", ":live", ":7", ":$LATEST"])
def test_an_undelivered_event_of_another_kind_is_for_the_function_that_did_not_get_it(qualifier: str) -> None:
    target = f"arn:aws:lambda:eu-west-1:123456789012:function:stepweave-dead-letters{qualifier}"
    found = read('{"id": "1"}', QueueKind.UNDELIVERED, TARGET_ARN=target, ERROR_MESSAGE="throttled")
    assert isinstance(found, FailedInvocation)
    assert (found.function, found.owner, found.error) == (target, "stepweave-dead-letters", "throttled")


@pytest.mark.parametrize(
    ("body", "kind"),
    [("no JSON", QueueKind.INVOCATIONS), ("no JSON", QueueKind.FAILURES), ("{}", QueueKind.FAILURES)],
)
def test_anything_else_is_unreadable(body: str, kind: QueueKind) -> None:
    assert read(body, kind) == Unreadable(f"stepweave-x-{kind}", body, SENT)
