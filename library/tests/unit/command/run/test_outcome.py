import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.command.executions.execution import ExecutionEnd
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus
from stepweave.command.run.makespan import Makespan
from stepweave.command.run.outcome import Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = json.dumps({"errorMessage": "no such file", "errorType": "ValueError", "stackTrace": ["..."]})
SUMMARY = [("words", "1,234"), ("lines", "n/a"), ("reader failed", "Broken: \x1b[31mred\nlines")]


def outcome(status: str = "SUCCEEDED", output: Any = None, **tasks: TaskProgress) -> Outcome:
    progress = replace(Progress.of(DefinedTask(name) for name in tasks), tasks=tasks, ended=status)
    return Outcome("demo", "arn", ExecutionEnd(status, 12.3456, output), progress)


def failed(error: str, *, caught: bool = False, attempts: int = 1, cause: str = CAUSE) -> TaskProgress:
    return TaskProgress(TaskStatus.FAILED, attempts, NOW, NOW, error, cause, caught)


def test_json_of_a_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    done = TaskProgress(TaskStatus.DONE, 2, NOW, NOW, "Earlier", "cause")
    shown = replace(outcome(output={"a": "ü"}, lint=done), reports={"json": tmp_path / "report.json"})
    shown.show(as_json=True)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == {
        "execution_arn": "arn",
        "status": "SUCCEEDED",
        "seconds": 12.346,
        "output": {"a": "ü"},
        "reports": {"json": str(tmp_path / "report.json")},
        "tasks": {
            "lint": {
                "status": "done",
                "outcome": "succeeded",
                "attempts": 2,
                "retries": 1,
                "seconds": 0.0,
                "started": NOW.isoformat(timespec="milliseconds"),
                "finished": NOW.isoformat(timespec="milliseconds"),
            }
        },
    }
    assert shown.exit_code == 0


def test_a_dag_file_is_measured_against_its_critical_path(capsys: pytest.CaptureFixture[str]) -> None:
    shown = replace(outcome(), makespan=Makespan(2.5004, 2.0))
    shown.show(as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert (value["makespan_seconds"], value["critical_path_seconds"]) == (2.5, 2.0)
    shown.show(as_json=False)
    assert "makespan 2.5s, 1.250 times the critical path of 2.0s" in capsys.readouterr().out


def test_the_last_tasks_of_a_dag_file_are_its_results(capsys: pytest.CaptureFixture[str]) -> None:
    shown = replace(outcome(output={}), results={"left": {"a": 1}, "right": None})
    shown.show(as_json=True)
    value = json.loads(capsys.readouterr().out)
    assert (value["output"], value["results"]) == ({}, {"left": {"a": 1}, "right": None})
    shown.show(as_json=False)
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("{") :]) == {"left": {"a": 1}, "right": None}


def test_a_success_tells_of_tasks_that_did_not_simply_succeed(capsys: pytest.CaptureFixture[str]) -> None:
    done = TaskProgress(TaskStatus.DONE, 1, NOW, NOW)
    outcome(a=done, b=replace(done, attempts=3), c=failed("ValueError", caught=True)).show(as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "tasks 2 succeeded, 1 failed without harm" in lines
    assert "b succeeded after 2 retries" in lines
    assert "c failed with ValueError; the workflow went on without it" in lines
    outcome(a=done).show(as_json=False)
    assert "succeeded" not in capsys.readouterr().out.replace("demo succeeded", "")


def test_why_a_nested_execution_failed_is_told_as_its_own_error() -> None:
    nested = {"ExecutionArn": "arn:inner", "Error": "ValueError", "Cause": CAUSE}
    outer = {"ExecutionArn": "arn:outer", "Error": "States.TaskFailed", "Cause": json.dumps(nested)}
    shown = outcome("FAILED")
    shown = replace(shown, end=replace(shown.end, error="States.TaskFailed", cause=json.dumps(outer)))
    assert shown.failure() == "ValueError: no such file"


def test_json_of_a_failure_is_one_object_and_the_error_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = outcome("FAILED", lint=failed("ValueError"), later=TaskProgress())
    shown = replace(shown, end=replace(shown.end, error="ValueError", cause=CAUSE))
    shown.show(as_json=True)
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert (value["status"], value["error"], value["cause"], value["failed_task"]) == (
        "FAILED",
        "ValueError",
        CAUSE,
        "lint",
    )
    assert value["tasks"]["lint"]["error"] == "ValueError"
    assert value["tasks"]["later"] == {"status": "waiting", "outcome": "not_run", "attempts": 0}
    assert "task lint failed with ValueError: no such file" in " ".join(captured.err.split())
    assert shown.exit_code == 1


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (
            outcome("FAILED", a=failed("E", caught=True), b=failed("F", attempts=4)),
            "task b failed in 4 attempts with F",
        ),
        (
            outcome("FAILED", a=failed("States.Timeout", cause="")),
            "with States.Timeout: it took longer than its timeout",
        ),
        (outcome("FAILED", a=failed("E", cause="")), "task a failed with E"),
        (
            outcome("TIMED_OUT", a=TaskProgress(TaskStatus.STOPPED), b=TaskProgress(TaskStatus.DONE)),
            "it took longer than the workflow's timeout; under way: a",
        ),
    ],
)
def test_why_an_execution_failed_in_plain_words(shown: Outcome, said: str) -> None:
    assert shown.failure().endswith(said) or said in shown.failure()
    assert not shown.failure().endswith(": ")


def test_a_failure_outside_any_task_is_told_too() -> None:
    shown = outcome("FAILED")
    shown = replace(shown, end=replace(shown.end, error="States.Runtime", cause="a path is wrong"))
    assert shown.failure() == "States.Runtime: a path is wrong"


def test_the_summary_of_the_workflow_is_shown_instead_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    shown = replace(outcome(output={"never": "shown"}), summary=SUMMARY)
    shown.show(as_json=False)
    out = capsys.readouterr().out
    lines = {line[2:15].strip(): line[15:].strip() for line in out.splitlines()}
    assert (lines["words"], lines["lines"], lines["reader failed"]) == ("1,234", "n/a", "Broken: \\x1b[31mred")
    assert "never" not in out
    replace(shown, summary=[]).show(as_json=False)
    assert "never" not in capsys.readouterr().out
    shown.show(as_json=True)
    assert json.loads(capsys.readouterr().out)["output"] == {"never": "shown"}


def test_nothing_in_a_result_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    replace(outcome(), summary=SUMMARY).show(as_json=False)
    outcome(output={"x": "\x1b[2J\x07"}).show(as_json=False)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_any_other_result_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"long": "x" * 200, "list": [1, 2]}
    outcome(output=value).show(as_json=False)
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("{") :]) == value


def test_exit_codes() -> None:
    assert outcome("TIMED_OUT").exit_code == 1
    assert outcome("ABORTED").exit_code == 1
    assert replace(outcome("ABORTED"), interrupted=True).exit_code == 130
    assert replace(outcome("RUNNING"), interrupted=True).exit_code == 130
    assert replace(outcome(), incomplete=True).exit_code == 1
