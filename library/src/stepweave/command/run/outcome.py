"""What a run came to: for a person and for a program."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGINT, Signals
from typing import TYPE_CHECKING, TypedDict

from pydantic import JsonValue

from stepweave.command.errors import EXIT_FAILED, EXIT_SIGNAL
from stepweave.command.executions.execution import ExecutionEnd
from stepweave.command.executions.failure_text import innermost, labelled, plain_cause
from stepweave.command.executions.progress import Progress, TaskStatus
from stepweave.command.executions.task_outcome import replacement, retries, summary_lines, task_outcome
from stepweave.command.run.makespan import Makespan
from stepweave.command.terminal.console import one_line, say_error, seconds, standard_output, styled

if TYPE_CHECKING:
    from rich.console import Console

_VERBS = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timed out", "ABORTED": "was stopped"}


class TaskJson(TypedDict, total=False):
    """What ``--json`` says of a task.

    `status` is how it stood last, `outcome` what became of it: see `TaskOutcome`. `retries` is how often it was tried
    again; `fallback` is the task whose result stands for its own, `stands_for` the task in whose place it was to run.
    `seconds` and `started` are left out if it never started, `finished` if it has not ended, `error` and `cause` if no
    attempt failed. Times are in UTC, by the clock of Step Functions, in ISO 8601.
    """

    status: str
    outcome: str
    attempts: int
    retries: int
    fallback: str
    stands_for: str
    seconds: float
    started: str
    finished: str
    error: str
    cause: str


class OutcomeJson(TypedDict, total=False):
    """What ``--json`` prints.

    The makespan and the critical path are there for a DAG file only; so are the `results` of the tasks that no other
    depends on, by id, if there are several, since an execution has one output. The last three are there only if the
    execution did not succeed.
    """

    execution_arn: str
    status: str
    seconds: float
    output: JsonValue
    reports: dict[str, str]
    tasks: dict[str, TaskJson]
    results: dict[str, JsonValue]
    makespan_seconds: float | None
    critical_path_seconds: float | None
    error: str
    cause: str
    failed_task: str | None


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    workflow, execution_arn : str
        What ran.
    end : ExecutionEnd
        How it ended. The status is ``RUNNING`` if it was left running.
    progress : Progress
        What is known of its tasks.
    reports : Mapping[str, Path]
        The files that were downloaded, by the name under which the output lists them.
    interrupted : bool
        Whether Ctrl-C or another signal ended the run.
    signal : Signals
        Which one, if so.
    incomplete : bool
        Whether something that the execution made could not be brought here.
    results : Mapping[str, JsonValue] | None
        What the last tasks of a DAG file returned, by id, if there are several; None for others.
    summary : Sequence[tuple[str, str]] | None
        What the workflow itself says of its output, for a person; None to show the output.
    makespan : Makespan | None
        How long the tasks of a DAG file took; None for other workflows.
    """

    workflow: str
    execution_arn: str
    end: ExecutionEnd
    progress: Progress
    reports: Mapping[str, Path] = field(default_factory=dict)
    interrupted: bool = False
    incomplete: bool = False
    results: Mapping[str, JsonValue] | None = None
    makespan: Makespan | None = None
    summary: Sequence[tuple[str, str]] | None = None
    signal: Signals = SIGINT

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        if self.interrupted:
            return EXIT_SIGNAL + self.signal
        return EXIT_FAILED if self.incomplete or self.end.status != "SUCCEEDED" else 0

    @property
    def headline(self) -> str:
        """One line: how it ended."""
        return f"{self.workflow} {_VERBS.get(self.end.status, 'is still running')} after {seconds(self.end.seconds)}"

    def failure(self) -> str:
        """Say why the execution did not succeed, naming the task."""
        culprit = self.progress.culprit
        if culprit is not None:
            task = self.progress.tasks[culprit]
            tries = f" in {task.attempts} attempts" if task.attempts > 1 else ""
            what = labelled(task.error, plain_cause(task.error, task.cause))
            return f"task {culprit} failed{tries} with {what}"
        if self.end.status == "TIMED_OUT":
            stopped = [name for name, task in self.progress.tasks.items() if task.status is TaskStatus.STOPPED]
            return "it took longer than the workflow's timeout" + (
                f"; under way: {', '.join(stopped)}" if stopped else ""
            )
        error, cause = innermost(self.end.error, self.end.cause)
        return labelled(error, plain_cause(error, cause))

    def to_json(self) -> OutcomeJson:
        """Return what ``--json`` prints."""
        now = datetime.now(UTC)
        value: OutcomeJson = {
            "execution_arn": self.execution_arn,
            "status": self.end.status,
            "seconds": round(self.end.seconds, 3),
            "output": self.end.output,
            "reports": {name: str(path.resolve()) for name, path in self.reports.items()},
            "tasks": {name: _task_json(self.progress, name, now) for name in self.progress.tasks},
        }
        if self.results is not None:
            value["results"] = dict(self.results)
        if self.makespan is not None:
            value |= {
                "makespan_seconds": _rounded(self.makespan.measured),
                "critical_path_seconds": _rounded(self.makespan.critical_path),
            }
        if self.end.status not in {"SUCCEEDED", "RUNNING"}:
            value |= {"error": self.end.error, "cause": self.end.cause, "failed_task": self.progress.culprit}
        return value

    def show(self, *, as_json: bool) -> None:
        """Tell the user: the result on standard output, a failure on standard error."""
        if as_json:
            print(json.dumps(self.to_json()))  # noqa: T201 - it is what the command is for
        elif self.end.status == "SUCCEEDED":
            self._print_result(standard_output())
        if not self.interrupted and self.end.status != "SUCCEEDED":
            say_error(labelled(self.headline, self.failure()))

    def _print_result(self, console: "Console") -> None:
        """Write the result of an execution that succeeded."""
        console.print()
        console.print(styled(self.headline, "bold green"), soft_wrap=True)
        if self.makespan is not None and (line := self.makespan.line()):
            console.print(styled(line), soft_wrap=True)
        if tasks := summary_lines(self.progress):
            _print_pairs(console, tasks)
        output = self.end.output if self.results is None else dict(self.results)
        if self.summary:
            _print_pairs(console, self.summary)
        elif self.summary is None and output is not None:
            console.print(styled(json.dumps(output, indent=2, ensure_ascii=False)), soft_wrap=True)
        if self.reports:
            console.print()
            console.print(styled("reports", "bold"))
            _print_pairs(console, [(name, _shown(path)) for name, path in self.reports.items()])


def _print_pairs(console: "Console", lines: Sequence[tuple[str, str]]) -> None:
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        style = "red" if label.endswith(" failed") else ""
        indented = text.replace("\n", "\n" + " " * (width + 4))
        line = styled(f"  {one_line(label):<{width}}  ", style or "dim").append_text(styled(indented, style))
        console.print(line, soft_wrap=True)


def _shown(path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _task_json(progress: Progress, name: str, now: datetime) -> TaskJson:
    task = progress.tasks[name]
    value: TaskJson = {
        "status": str(task.status),
        "outcome": str(task_outcome(progress, name)),
        "attempts": task.attempts,
    }
    if again := retries(task):
        value["retries"] = again
    if fallback := replacement(progress, name):
        value["fallback"] = fallback
    if stands_for := progress.defined[name].stands_for:
        value["stands_for"] = stands_for
    took = task.seconds(now)
    if took is not None:
        value["seconds"] = round(took, 3)
    if task.started is not None:
        value["started"] = _written(task.started)
    if task.finished is not None:
        value["finished"] = _written(task.finished)
    if task.status is not TaskStatus.DONE and task.error:
        value |= {"error": task.error, "cause": task.cause}
    return value


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
