"""Visits of states, told from histories."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from stepweave.testing.history import StateVisit, details, parsed, visits
from stepweave.testing.task_token import pending_tokens

START = datetime(2026, 1, 1, tzinfo=UTC)


def history(*events: tuple[str, int, dict[str, Any]]) -> list[StateVisit]:
    """The visits of a history: each event is its type, the event before it, and its details."""
    written = [
        {"id": number, "previousEventId": before, "type": kind, "timestamp": START + timedelta(seconds=number)} | more
        for number, (kind, before, more) in enumerate(events, 1)
    ]
    return visits(cast("Any", written))


def entered(name: str, given: str = "{}") -> dict[str, Any]:
    return {"stateEnteredEventDetails": {"name": name, "input": given}}


def test_events_of_branches_are_told_apart() -> None:
    found = history(
        ("ExecutionStarted", 0, {}),
        ("ParallelStateEntered", 0, entered("fan")),
        ("ParallelStateStarted", 2, {}),
        ("TaskStateEntered", 3, entered("a")),
        ("TaskStateEntered", 3, entered("b")),
        ("LambdaFunctionScheduled", 5, {"lambdaFunctionScheduledEventDetails": {"input": "1"}}),
        ("LambdaFunctionScheduled", 4, {"lambdaFunctionScheduledEventDetails": {"input": "2"}}),
        ("LambdaFunctionFailed", 6, {"lambdaFunctionFailedEventDetails": {"error": "E", "cause": "C"}}),
        ("LambdaFunctionSucceeded", 7, {"lambdaFunctionSucceededEventDetails": {"output": '"done"'}}),
        ("LambdaFunctionScheduled", 8, {"lambdaFunctionScheduledEventDetails": {"input": "1"}}),
        ("TaskStateExited", 9, {"stateExitedEventDetails": {"name": "a", "output": "{}"}}),
    )
    fan, a, b = found
    assert [visit.name for visit in found] == ["fan", "a", "b"]
    assert (a.attempts, b.attempts, fan.attempts) == (1, 2, 0)
    assert a.has_exited
    assert not b.has_exited
    assert details(a.succeeded, "output") == '"done"'
    assert details(b.failed, "error") == "E"
    assert b.ended is None, "another attempt is under way"
    assert a.calls_function
    assert not fan.calls_function


def test_a_success_makes_up_for_failures() -> None:
    (visit,) = history(
        ("TaskStateEntered", 0, entered("a")),
        ("LambdaFunctionScheduled", 1, {}),
        ("LambdaFunctionTimedOut", 2, {}),
        ("LambdaFunctionScheduled", 3, {}),
        ("LambdaFunctionSucceeded", 4, {}),
        ("TaskStateExited", 5, {}),
    )
    assert visit.failed is None
    assert visit.scheduled is not None
    assert visit.scheduled["id"] == 2


def test_text_that_is_no_json_stays_text() -> None:
    assert parsed('{"a": 1}') == {"a": 1}
    assert parsed("no json") == "no json"
    assert parsed("") is None


def token_state(**more: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"MessageBody": {"inner": {"token.$": "$$.Task.Token"}}},
    } | more


SENT = {"taskScheduledEventDetails": {"parameters": '{"MessageBody": {"inner": {"token": "abc"}}}'}}


def test_a_token_is_found_where_the_definition_puts_it() -> None:
    definition = {"States": {"fan": {"Type": "Parallel", "Branches": [{"States": {"ask": token_state()}}]}}}
    open_visit = history(("TaskStateEntered", 0, entered("ask")), ("TaskScheduled", 1, SENT), ("TaskSubmitted", 2, {}))
    (pending,) = pending_tokens(open_visit, definition)
    assert (pending.task, pending.token) == ("ask", "abc")
    ended = history(
        ("TaskStateEntered", 0, entered("ask")),
        ("TaskScheduled", 1, SENT),
        ("TaskSucceeded", 2, {}),
        ("TaskStateExited", 3, {}),
    )
    assert pending_tokens(ended, definition) == []


def test_a_retried_task_waits_for_its_latest_token() -> None:
    again = {"taskScheduledEventDetails": {"parameters": '{"messageBody": {"inner": {"token": "def"}}}'}}
    visit = history(
        ("TaskStateEntered", 0, entered("ask")),
        ("TaskScheduled", 1, SENT),
        ("TaskTimedOut", 2, {}),
        ("TaskScheduled", 3, again),
    )
    assert [each.token for each in pending_tokens(visit, {"States": {"ask": token_state()}})] == ["def"]


def test_gates_are_not_for_tests_to_open() -> None:
    gate = token_state(Resource="arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken")
    visit = history(("TaskStateEntered", 0, entered("ask")), ("TaskScheduled", 1, SENT))
    assert pending_tokens(visit, {"States": {"ask": gate}}) == []
