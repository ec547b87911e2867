"""The fold from history events to progress, against histories written out and histories drawn at random."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.executions.definition_tasks import DefinedTask, Retrier
from stepweave.command.executions.progress import Progress, TaskStatus, advance

START = datetime(2026, 1, 1, tzinfo=UTC)
RETRIES = 2


@dataclass
class History:
    """Writes events as AWS does: ids count up, and each event names the one before it in its branch."""

    events: list[Any] = field(default_factory=list)
    last_of: dict[str, int] = field(default_factory=dict)

    def add(self, branch: str, kind: str, **details: Any) -> None:
        number = len(self.events) + 1
        self.events.append(
            {
                "id": number,
                "previousEventId": self.last_of.get(branch, 0),
                "type": kind,
                "timestamp": START + timedelta(seconds=number),
                **details,
            }
        )
        self.last_of[branch] = number

    def enter(self, task: str) -> None:
        self.add(task, "TaskStateEntered", stateEnteredEventDetails={"name": task})

    def attempt(self, task: str) -> None:
        self.add(task, "LambdaFunctionScheduled", lambdaFunctionScheduledEventDetails={"resource": "arn"})
        self.add(task, "LambdaFunctionStarted")

    def fail(self, task: str, error: str, cause: str = "why") -> None:
        self.add(task, "LambdaFunctionFailed", lambdaFunctionFailedEventDetails={"error": error, "cause": cause})

    def succeed(self, task: str) -> None:
        self.add(task, "LambdaFunctionSucceeded", lambdaFunctionSucceededEventDetails={"output": "{}"})

    def leave(self, task: str) -> None:
        self.add(task, "TaskStateExited", stateExitedEventDetails={"name": task})

    def end(self, kind: str = "ExecutionSucceeded", **details: Any) -> None:
        self.add("", kind, **details)


def fresh(*names: str) -> Progress:
    return Progress.of(DefinedTask(name, (Retrier(("Passing",), RETRIES),)) for name in names)


def folded(history: History, *names: str) -> Progress:
    return advance(fresh(*names), history.events)


def test_a_task_that_succeeds() -> None:
    history = History()
    history.add("", "ExecutionStarted")
    assert folded(history, "lint").tasks["lint"].status is TaskStatus.WAITING
    history.enter("lint")
    history.attempt("lint")
    running = folded(history, "lint").tasks["lint"]
    assert (running.status, running.attempts, running.finished) == (TaskStatus.RUNNING, 1, None)
    assert running.seconds(START + timedelta(seconds=10)) == 8
    history.succeed("lint")
    history.leave("lint")
    done = folded(history, "lint").tasks["lint"]
    assert (done.status, done.attempts) == (TaskStatus.DONE, 1)
    assert done.seconds(START + timedelta(days=1)) == 4


def test_a_task_is_tried_again_while_its_retriers_allow() -> None:
    history = History()
    history.enter("lint")
    for attempt in range(1, RETRIES + 1):
        history.attempt("lint")
        history.fail("lint", "Passing")
        task = folded(history, "lint").tasks["lint"]
        assert (task.status, task.attempts, task.error) == (TaskStatus.RETRYING, attempt, "Passing")
    history.attempt("lint")
    assert folded(history, "lint").tasks["lint"].status is TaskStatus.RUNNING
    history.fail("lint", "Passing")
    task = folded(history, "lint").tasks["lint"]
    assert (task.status, task.attempts) == (TaskStatus.FAILED, RETRIES + 1)


def test_an_error_that_no_retrier_knows_fails_at_once() -> None:
    history = History()
    history.enter("lint")
    history.attempt("lint")
    history.fail("lint", "Lasting", "no file")
    task = folded(history, "lint").tasks["lint"]
    assert (task.status, task.error, task.cause, task.caught) == (TaskStatus.FAILED, "Lasting", "no file", False)


def test_a_caught_failure_shows_as_failed_while_the_run_goes_on() -> None:
    history = History()
    for name in ("optional", "other"):
        history.enter(name)
        history.attempt(name)
    history.fail("optional", "Lasting")
    history.leave("optional")
    progress = folded(history, "optional", "other")
    assert progress.tasks["optional"].status is TaskStatus.FAILED
    assert progress.tasks["optional"].caught
    assert progress.tasks["other"].status is TaskStatus.RUNNING
    assert progress.ended == ""


def test_the_culprit_is_the_failure_that_nobody_caught() -> None:
    history = History()
    for name in ("optional", "needed", "other"):
        history.enter(name)
        history.attempt(name)
    history.fail("optional", "Lasting")
    history.leave("optional")
    history.fail("needed", "Lasting", "gone")
    history.end("ExecutionFailed", executionFailedEventDetails={"error": "Lasting", "cause": "gone"})
    progress = folded(history, "optional", "needed", "other", "later")
    assert (progress.ended, progress.error, progress.cause) == ("FAILED", "Lasting", "gone")
    assert progress.culprit == "needed"
    assert progress.tasks["other"].status is TaskStatus.STOPPED
    assert progress.tasks["later"].status is TaskStatus.WAITING


@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("LambdaFunctionTimedOut", {"lambdaFunctionTimedOutEventDetails": {}}, "States.Timeout"),
        (
            "LambdaFunctionScheduleFailed",
            {"lambdaFunctionScheduleFailedEventDetails": {"error": "Lambda.X"}},
            "Lambda.X",
        ),
        ("LambdaFunctionStartFailed", {}, "States.TaskFailed"),
        ("TaskFailed", {"taskFailedEventDetails": {"error": "Lambda.Y"}}, "Lambda.Y"),
        ("TaskTimedOut", {"taskTimedOutEventDetails": {"error": "States.Timeout"}}, "States.Timeout"),
    ],
)
def test_every_way_to_fail_is_known(kind: str, details: dict[str, Any], error: str) -> None:
    history = History()
    history.enter("lint")
    history.add("lint", kind, **details)
    task = folded(history, "lint").tasks["lint"]
    assert (task.status, task.error) == (TaskStatus.FAILED, error)


def test_an_aborted_task_is_stopped() -> None:
    history = History()
    history.enter("lint")
    history.attempt("lint")
    history.add("lint", "TaskStateAborted")
    assert folded(history, "lint").tasks["lint"].status is TaskStatus.STOPPED


@pytest.mark.parametrize(
    ("kind", "status"),
    [("ExecutionTimedOut", "TIMED_OUT"), ("ExecutionAborted", "ABORTED"), ("ExecutionSucceeded", "SUCCEEDED")],
)
def test_how_executions_end(kind: str, status: str) -> None:
    history = History()
    history.enter("lint")
    history.end(kind)
    progress = folded(history, "lint")
    assert progress.ended == status
    assert progress.culprit is None


def test_a_redriven_execution_runs_again() -> None:
    history = History()
    history.end("ExecutionFailed", executionFailedEventDetails={"error": "Lasting"})
    history.add("", "ExecutionRedriven")
    assert folded(history, "lint").ended == ""


def test_states_that_are_no_tasks_are_passed_over() -> None:
    history = History()
    history.add("fan", "ParallelStateEntered", stateEnteredEventDetails={"name": "fan"})
    history.enter("wait for a gate")
    history.leave("wait for a gate")
    assert folded(history, "lint") == advance(fresh("lint"), [cast("Any", {**history.events[-1], "type": "Unknown"})])


# Random histories: tasks in parallel branches, each with attempts that fail and a last one that ends it, their events
# interleaved in any order.

NAMES = ("a", "b", "c", "d")
CHAINS = st.tuples(st.integers(0, RETRIES), st.sampled_from(["done", "caught", "left running"]))


def chain(history: History, name: str, failures: int, ending: str) -> Iterator[None]:
    history.enter(name)
    yield
    for _ in range(failures):
        history.attempt(name)
        yield
        history.fail(name, "Passing")
        yield
    history.attempt(name)
    yield
    if ending == "done":
        history.succeed(name)
        yield
        history.leave(name)
    elif ending == "caught":
        history.fail(name, "Lasting")
        yield
        history.leave(name)


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, dict[str, tuple[int, str]]]:
    plans = draw(st.dictionaries(st.sampled_from(NAMES), CHAINS))
    history = History()
    active = [chain(history, name, *plan) for name, plan in plans.items()]
    while active:
        chosen = draw(st.sampled_from(active))
        if next(chosen, "over") == "over":
            active.remove(chosen)
    return history, plans


EXPECTED = {"done": TaskStatus.DONE, "caught": TaskStatus.FAILED, "left running": TaskStatus.RUNNING}


@given(histories())
def test_any_interleaving_leads_to_what_each_task_did(drawn: tuple[History, dict[str, tuple[int, str]]]) -> None:
    history, plans = drawn
    progress = folded(history, *NAMES)
    for name in NAMES:
        task = progress.tasks[name]
        if name not in plans:
            assert task.status is TaskStatus.WAITING
            continue
        failures, ending = plans[name]
        assert (task.status, task.attempts) == (EXPECTED[ending], failures + 1)
        assert task.caught is (ending == "caught")
        assert (task.finished is None) is (ending == "left running")
    assert len(progress.latest) == sum(ending == "left running" for _, ending in plans.values())


@given(histories(), st.lists(st.integers(0, 40)), st.integers(0, 5))
def test_batches_and_repetitions_change_nothing(
    drawn: tuple[History, dict[str, tuple[int, str]]], cuts: list[int], overlap: int
) -> None:
    history, _ = drawn
    progress = fresh(*NAMES)
    bounds = [0, *sorted(cuts), len(history.events)]
    for begin, end in itertools.pairwise(bounds):
        progress = advance(progress, history.events[max(0, begin - overlap) : end])
    assert progress == folded(history, *NAMES)


@given(histories())
def test_the_fold_changes_nothing_that_it_was_given(drawn: tuple[History, dict[str, tuple[int, str]]]) -> None:
    before = fresh(*NAMES)
    advance(before, drawn[0].events)
    assert before == fresh(*NAMES)


def test_a_task_that_waits_for_its_breaker_comes_back_with_its_count() -> None:
    defined = [DefinedTask("scan", comes_back=frozenset({"CircuitOpenError"}))]
    history = History()
    history.enter("scan")
    history.attempt("scan")
    history.fail("scan", "CircuitOpenError")
    history.leave("scan")
    waiting = advance(Progress.of(defined), history.events).tasks["scan"]
    assert (waiting.status, waiting.caught, waiting.finished) == (TaskStatus.RETRYING, False, None)
    history.enter("scan")
    history.attempt("scan")
    history.succeed("scan")
    history.leave("scan")
    done = advance(Progress.of(defined), history.events).tasks["scan"]
    assert (done.status, done.attempts, done.started) == (TaskStatus.DONE, 2, START + timedelta(seconds=1))


def test_a_task_that_waits_for_its_breaker_when_the_execution_ends_was_stopped() -> None:
    defined = [DefinedTask("scan", comes_back=frozenset({"CircuitOpenError"}))]
    history = History()
    history.enter("scan")
    history.attempt("scan")
    history.fail("scan", "CircuitOpenError")
    history.leave("scan")
    history.end("ExecutionTimedOut")
    assert advance(Progress.of(defined), history.events).tasks["scan"].status is TaskStatus.STOPPED
