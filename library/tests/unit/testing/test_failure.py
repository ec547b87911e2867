import json
from datetime import UTC, datetime

import pytest

from stepweave.testing.failure import failure_among
from stepweave.testing.task_run import TaskRun

LAMBDA = json.dumps(
    {"errorMessage": "the key\nis missing", "errorType": "KeyError", "stackTrace": ["  File a, line 1\n"]}
)


def failed(name: str, error: str = "KeyError", cause: str = LAMBDA, minute: int = 0, **rest: object) -> TaskRun:
    return TaskRun(name, "FAILED", ended=datetime(2026, 1, 1, 0, minute, tzinfo=UTC), error=error, cause=cause, **rest)  # type: ignore[arg-type]


def test_the_task_and_its_error_are_named() -> None:
    tasks = {"a": TaskRun("a", "SUCCEEDED"), "b": failed("b", attempts=3)}
    failure = failure_among(tasks, "KeyError", LAMBDA)
    assert failure.summary == "task 'b' failed in 3 attempts with KeyError: the key is missing"
    assert failure.text.splitlines()[1:] == ["the key", "is missing", "  File a, line 1"]


def test_of_several_it_is_the_one_that_the_execution_failed_of() -> None:
    tasks = {
        "caught": failed("caught", caught=True, attempts=1),
        "later": failed("later", minute=2, attempts=1),
        "first": failed("first", minute=1, attempts=1),
        "other": failed("other", error="Other", attempts=1),
    }
    assert failure_among(tasks, "KeyError", LAMBDA).task == tasks["first"]


@pytest.mark.parametrize(
    ("error", "cause", "summary"),
    [
        ("States.Timeout", "", "States.Timeout"),
        ("", "by hand", "by hand"),
        ("Stopped", "by the test", "Stopped: by the test"),
        ("E", "[1]", "E: [1]"),
        ("E", '{"errorMessage": null}', "E: None"),
        ("E", "x" * 1000, "E: " + "x" * 117 + "..."),
        ("", "", ""),
    ],
)
def test_an_execution_that_no_task_failed(error: str, cause: str, summary: str) -> None:
    failure = failure_among({"a": TaskRun("a", "ABORTED")}, error, cause)
    assert failure.summary == summary
    assert failure.text.startswith(summary)
