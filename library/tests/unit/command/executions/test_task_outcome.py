from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.executions.task_outcome import TaskOutcome, replacement, retries, summary_lines, task_outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAITING = TaskProgress()
DONE = TaskProgress(TaskStatus.DONE, 1, NOW, NOW)
FATAL = TaskProgress(TaskStatus.FAILED, 1, NOW, NOW, "ValueError")
CAUGHT = replace(FATAL, caught=True)


def progress(ended: str = "SUCCEEDED", /, **tasks: TaskProgress) -> Progress:
    """Tasks by name; one that is named ``x_for_y`` is a fallback of ``y``."""
    defined = [DefinedTask(name, (), name.partition("_for_")[2]) for name in tasks]
    return replace(Progress.of(defined), tasks=tasks, ended=ended)


@pytest.mark.parametrize(
    ("task", "ended", "expected"),
    [
        (DONE, "SUCCEEDED", TaskOutcome.SUCCEEDED),
        (FATAL, "FAILED", TaskOutcome.FAILED),
        (CAUGHT, "SUCCEEDED", TaskOutcome.OPTIONAL_FAILED),
        (WAITING, "FAILED", TaskOutcome.NOT_RUN),
        (WAITING, "", TaskOutcome.WAITING),
        (TaskProgress(TaskStatus.RUNNING, 1, NOW), "", TaskOutcome.UNDER_WAY),
        (TaskProgress(TaskStatus.RETRYING, 1, NOW), "", TaskOutcome.UNDER_WAY),
        (TaskProgress(TaskStatus.STOPPED, 1, NOW, NOW), "ABORTED", TaskOutcome.STOPPED),
    ],
)
def test_a_task_without_fallback(task: TaskProgress, ended: str, expected: TaskOutcome) -> None:
    assert task_outcome(progress(ended, a=task), "a") is expected


def test_a_fallback_that_succeeds_replaces_its_task() -> None:
    seen = progress(a=CAUGHT, b_for_a=DONE)
    assert task_outcome(seen, "a") is TaskOutcome.REPLACED
    assert task_outcome(seen, "b_for_a") is TaskOutcome.SUCCEEDED
    assert replacement(seen, "a") == "b_for_a"
    assert replacement(seen, "b_for_a") is None


def test_of_several_fallbacks_the_one_that_succeeded_counts() -> None:
    seen = progress(a=CAUGHT, b_for_a=CAUGHT, c_for_a=DONE, d_for_a=WAITING)
    assert replacement(seen, "a") == "c_for_a"
    assert task_outcome(seen, "d_for_a") is TaskOutcome.NOT_NEEDED


def test_a_fallback_that_nothing_called_for_is_not_needed_and_not_shown() -> None:
    seen = progress(a=DONE, b_for_a=WAITING)
    assert task_outcome(seen, "b_for_a") is TaskOutcome.NOT_NEEDED
    assert list(seen.shown) == ["a"]
    assert task_outcome(progress("FAILED", a=WAITING, b_for_a=WAITING), "b_for_a") is TaskOutcome.NOT_RUN


def test_a_task_whose_last_resort_failed_has_failed() -> None:
    fatal = progress("FAILED", a=CAUGHT, b_for_a=FATAL)
    assert task_outcome(fatal, "a") is TaskOutcome.FAILED
    went_on = progress(a=CAUGHT, b_for_a=CAUGHT)
    assert task_outcome(went_on, "a") is TaskOutcome.OPTIONAL_FAILED


def test_a_summary_counts_and_tells_of_what_is_notable() -> None:
    seen = progress(
        a=DONE,
        b=replace(DONE, attempts=2),
        c=CAUGHT,
        d=replace(CAUGHT, attempts=4),
        e_for_d=DONE,
        f_for_a=WAITING,
    )
    assert retries(seen.tasks["b"]) == 1
    assert summary_lines(seen) == [
        ("tasks", "3 succeeded, 1 failed without harm, 1 replaced by a fallback"),
        ("b", "succeeded after 1 retry"),
        ("c", "failed with ValueError; the workflow went on without it"),
        ("d", "failed in 4 attempts with ValueError; e_for_d took its place"),
    ]


def test_a_plain_success_needs_no_summary() -> None:
    assert summary_lines(progress(a=DONE, b=DONE, c_for_b=WAITING)) == []


def test_a_summary_stays_short() -> None:
    seen = progress("SUCCEEDED", **{f"t{number}": CAUGHT for number in range(50)})
    lines = summary_lines(seen)
    assert len(lines) == 22
    assert lines[-1] == ("", "and 30 more; --json tells of all")
