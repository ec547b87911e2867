"""Which state a history says to have failed."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stepweave.functions.dead_letters.failed_state import FailedState, find_failed_state
from tests.unit.functions.dead_letters.histories import History


def found(history: History, error: str, cause: str = "") -> FailedState:
    state = find_failed_state(history.backwards(), error, cause)
    assert state is not None
    return state


def test_the_last_attempt_and_how_many_there_were() -> None:
    history = History()
    last = history.enter("lint", history.succeed("first", history.schedule("first", history.enter("first"))))
    for _ in range(3):
        last = history.fail(history.schedule("lint", last, words=["a"]), "TransientError", "busy")
    history.end(last, "TransientError", "busy")
    state = found(history, "TransientError", "busy")
    assert (state.name, state.attempts, state.error, state.cause) == ("lint", 3, "TransientError", "busy")
    assert json.loads(state.input or "")["input"] == {"words": ["a"]}


def test_a_failure_that_was_caught_is_not_it_even_if_it_came_last_or_looks_the_same() -> None:
    history = History()
    culprit = history.fail(history.schedule("culprit", history.enter("culprit")), "ValueError", "no")
    caught = history.fail(history.schedule("optional", history.enter("optional")), "ValueError", "no")
    history.add("TaskStateExited", caught, stateExitedEventDetails={"name": "optional"})
    history.end(culprit, "ValueError", "no")
    assert found(history, "ValueError", "no").name == "culprit"


def test_a_failure_that_would_have_been_retried_is_not_it() -> None:
    history = History()
    culprit = history.fail(history.schedule("culprit", history.enter("culprit")), "ValueError", "no")
    history.fail(history.schedule("waiting", history.enter("waiting")), "TransientError", "busy")
    history.end(culprit, "ValueError", "no")
    assert found(history, "ValueError", "no").name == "culprit"


def test_a_timeout_has_no_error_of_its_own() -> None:
    history = History()
    started = history.schedule("slow", history.enter("slow"))
    timed_out = history.add("LambdaFunctionTimedOut", started, lambdaFunctionTimedOutEventDetails={})
    history.end(timed_out, "States.Timeout")
    assert found(history, "States.Timeout").error == "States.Timeout"


def test_attempts_count_from_the_last_redrive() -> None:
    history = History()
    entered = history.enter("lint")
    last = entered
    for _ in range(3):
        last = history.fail(history.schedule("lint", last), "TransientError", "busy")
    history.end(last, "TransientError", "busy")
    history.redrive()
    again = history.fail(history.schedule("lint", entered, second="time"), "TransientError", "busy")
    history.end(again, "TransientError", "busy")
    state = found(history, "TransientError", "busy")
    assert (state.name, state.attempts) == ("lint", 1)
    assert json.loads(state.input or "")["input"] == {"second": "time"}


def test_what_failed_before_the_redrive_is_not_it() -> None:
    history = History()
    first = history.fail(history.schedule("lint", history.enter("lint")), "ValueError", "no")
    history.end(first, "ValueError", "no")
    history.redrive()
    history.end(len(history.events), "States.Runtime", "")
    assert find_failed_state(history.backwards(), "States.Runtime", "") is None


def test_a_fail_state_points_at_the_task_whose_error_it_repeats() -> None:
    history = History()
    failed = history.fail(history.schedule("guarded", history.enter("guarded")), "CircuitOpenError", "is open")
    history.add("TaskStateExited", failed, stateExitedEventDetails={"name": "guarded"})
    history.end(history.add("FailStateEntered", failed), "CircuitOpenError", "gave up")
    state = found(history, "CircuitOpenError", "gave up")
    assert (state.name, state.caught) == ("guarded", True)


def test_an_execution_in_which_nothing_was_called_has_no_failed_state() -> None:
    history = History()
    history.end(history.add("ExecutionStarted", 0), "States.Runtime", "bad path")
    assert find_failed_state(history.backwards(), "States.Runtime", "bad path") is None


def test_a_nested_execution_is_known_by_the_cause_or_by_what_was_submitted() -> None:
    nested = "arn:aws:states:us-east-1:123456789012:execution:stepweave-review-nested-1:x"
    for cause in (json.dumps({"ExecutionArn": nested, "Status": "FAILED"}), '{"ExecutionArn": "cut o'):
        history = History()
        details = {"resource": "startExecution.sync:2", "resourceType": "states", "parameters": "{}"}
        scheduled = history.add("TaskScheduled", history.enter("part 1"), taskScheduledEventDetails=details)
        submitted = history.add(
            "TaskSubmitted", scheduled, taskSubmittedEventDetails={"output": json.dumps({"ExecutionArn": nested})}
        )
        failed = history.add(
            "TaskFailed", submitted, taskFailedEventDetails={"error": "States.TaskFailed", "cause": cause}
        )
        history.end(failed, "States.TaskFailed", cause)
        assert found(history, "States.TaskFailed", cause).nested_execution == nested


def test_no_more_is_read_than_needed() -> None:
    history = History()
    for number in range(50):
        history.succeed(f"t{number}", history.schedule(f"t{number}", history.enter(f"t{number}")))
    history.end(history.fail(history.schedule("last", history.enter("last")), "ValueError"), "ValueError")
    read: list[int] = []

    def events() -> Iterator[Any]:
        for event in history.backwards():
            read.append(event["id"])
            yield event

    state = find_failed_state(events(), "ValueError", "")
    assert state is not None
    assert len(read) == 5


@given(st.data())
def test_the_culprit_is_found_however_branches_interleave(data: st.DataObject) -> None:
    """Each branch tries tasks that succeed, fail and are caught, or fail for good, in which case all is over."""
    history = History()
    branches = data.draw(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=3), min_size=1, max_size=4))
    culprit = data.draw(st.integers(0, len(branches) - 1))
    numbers = itertools.count()
    moves = [
        _branch(history, attempts, numbers, data, fails=index == culprit) for index, attempts in enumerate(branches)
    ]
    expected: tuple[str, int] | None = None
    while expected is None:
        index = data.draw(st.sampled_from([index for index, move in enumerate(moves) if move is not None]))
        move: Any = moves[index]
        try:
            expected = next(move)
        except StopIteration:
            moves[index] = None  # type: ignore[call-overload]
    history.end(len(history.events), "Failed", "for good")
    state = found(history, "Failed", "for good")
    assert (state.name, state.attempts) == expected


def _branch(
    history: History, tasks: list[int], numbers: Iterator[int], data: st.DataObject, *, fails: bool
) -> Iterator[tuple[str, int] | None]:
    last = 0
    for position, attempts in enumerate(tasks):
        name = f"t{next(numbers)}"
        last = history.enter(name, last)
        is_last = fails and position == len(tasks) - 1
        for attempt in range(attempts):
            yield None
            last = history.schedule(name, last)
            yield None
            if attempt == attempts - 1 and is_last:
                history.fail(last, "Failed", "for good")
                yield name, attempts
                return
            if attempt < attempts - 1:
                last = history.fail(last, "TransientError", "busy")
        if data.draw(st.booleans()):
            last = history.succeed(name, last)
        else:
            last = history.add(
                "TaskStateExited", history.fail(last, "Failed", "for good"), stateExitedEventDetails={"name": name}
            )
