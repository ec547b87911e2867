"""How far an execution is, told from its history alone.

`advance` is a fold: the same events give the same progress however they are cut into batches, and an event that comes
twice counts once. It knows the events that AWS writes for a task that calls a function directly, and those of service
integrations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from stepweave.command.executions.definition_tasks import DefinedTask
from stepweave.contract.failed_attempt import ATTEMPTS, FAILURES, error_and_cause

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef


class TaskStatus(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    """An attempt failed, and the next one starts after the backoff."""
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """It was under way when the execution ended without it."""


_UNDER_WAY: Final = frozenset({TaskStatus.RUNNING, TaskStatus.RETRYING})


@dataclass(frozen=True)
class TaskProgress:
    """Where one task stands.

    Parameters
    ----------
    status : TaskStatus
        What to tell a person.
    attempts : int
        How many attempts have been made, the one under way included.
    started, finished : datetime | None
        When its state was entered, and when it was left or its last attempt failed.
    error, cause : str
        What the last attempt that failed reported; empty if none did.
    caught : bool
        Whether the workflow went on after the failure.
    retries : Mapping[int, int]
        How often each retrier of the state has been used.
    succeeded : int
        The id of the event that holds what the task returned; 0 if it has not.
    """

    status: TaskStatus = TaskStatus.WAITING
    attempts: int = 0
    started: datetime | None = None
    finished: datetime | None = None
    error: str = ""
    cause: str = ""
    caught: bool = False
    retries: Mapping[int, int] = field(default_factory=dict)
    succeeded: int = 0

    def seconds(self, now: datetime) -> float | None:
        """Return how long the task took or, while it is under way, has taken; None before it starts."""
        if self.started is None:
            return None
        return max(0.0, ((self.finished or now) - self.started).total_seconds())


@dataclass(frozen=True)
class Progress:
    """How far an execution is.

    Parameters
    ----------
    defined : Mapping[str, DefinedTask]
        The tasks of the definition.
    tasks : Mapping[str, TaskProgress]
        Where each stands, in the definition's order.
    ended : str
        ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``; empty while the execution runs.
    error, cause : str
        Why the execution did not succeed.
    last_event : int
        The id of the last event that was taken in.
    latest : Mapping[int, str]
        The task that an event belongs to, for the latest event of each task that has not ended. A history is a
        tree: an event names the one before it, and only so do the events of parallel branches tell apart.
    submitted : tuple of int
        The ids of the events by which it started nested executions.
    """

    defined: Mapping[str, DefinedTask]
    tasks: Mapping[str, TaskProgress]
    ended: str = ""
    error: str = ""
    cause: str = ""
    last_event: int = 0
    latest: Mapping[int, str] = field(default_factory=dict)
    submitted: tuple[int, ...] = ()

    @classmethod
    def of(cls, defined: Iterable[DefinedTask]) -> "Progress":
        """Return the progress of an execution that has not started."""
        by_id = {task.id: task for task in defined}
        return cls(by_id, {name: TaskProgress() for name in by_id})

    @cached_property
    def fallbacks(self) -> Mapping[str, tuple[str, ...]]:
        """The tasks that stand for others, by those in whose place they run."""
        found: dict[str, tuple[str, ...]] = {}
        for name, task in self.defined.items():
            if task.stands_for:
                found[task.stands_for] = (*found.get(task.stands_for, ()), name)
        return found

    @property
    def shown(self) -> Mapping[str, TaskProgress]:
        """The tasks that concern a person: all but the fallbacks that nothing has called for."""
        return {
            name: task
            for name, task in self.tasks.items()
            if task.status is not TaskStatus.WAITING or not self.defined[name].stands_for
        }

    @property
    def culprit(self) -> str | None:
        """The task whose failure ended the execution; None if none did."""
        if self.ended != "FAILED":
            return None
        failed = [name for name, task in self.tasks.items() if task.status is TaskStatus.FAILED and not task.caught]
        same_error = [name for name in failed if self.tasks[name].error == self.error]
        return next(iter(same_error or failed), None)


def advance(progress: Progress, events: Iterable["HistoryEventTypeDef"]) -> Progress:
    """Take in events of an execution's history.

    Parameters
    ----------
    progress : Progress
        What is known so far.
    events : Iterable[HistoryEventTypeDef]
        Events as ``GetExecutionHistory`` returns them, oldest first. Known ones are passed over.

    Returns
    -------
    Progress
        What is known now.
    """
    fold = _Fold(progress)
    for event in events:
        if event["id"] > fold.last_event:
            fold.take(event)
    return fold.result()


def abandoned(progress: Progress, at: datetime) -> Progress:
    """Return the progress of an execution that was stopped, as if its history said so already."""
    if progress.ended:
        return progress
    return advance(progress, [{"id": progress.last_event + 1, "type": "ExecutionAborted", "timestamp": at}])


_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_SUCCESSES: Final = frozenset({"LambdaFunctionSucceeded", "TaskSucceeded"})
_EXECUTION_DETAILS: Final = (
    "executionFailedEventDetails",
    "executionTimedOutEventDetails",
    "executionAbortedEventDetails",
)


class _Fold:
    """The working copy behind `advance`: one copy per batch, not one per event."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks = dict(progress.tasks)
        self._latest = dict(progress.latest)
        self._submitted = list(progress.submitted)
        self.last_event = progress.last_event

    def result(self) -> Progress:
        return replace(
            self._progress,
            tasks=self._tasks,
            latest=self._latest,
            last_event=self.last_event,
            submitted=tuple(self._submitted),
        )

    def take(self, event: "HistoryEventTypeDef") -> None:
        self.last_event = event["id"]
        kind = event["type"]
        if kind in _ENDS:
            self._end(event, _ENDS[kind])
        elif kind == "ExecutionRedriven":
            self._progress = replace(self._progress, ended="", error="", cause="")
        elif kind == "TaskStateEntered":
            self._enter(event)
        else:
            if _starts_execution(event):
                self._submitted.append(event["id"])
            self._continue(event, kind)

    def _enter(self, event: "HistoryEventTypeDef") -> None:
        name = event.get("stateEnteredEventDetails", {}).get("name", "")
        if name not in self._tasks:
            return
        before = self._tasks[name]
        if before.status is TaskStatus.RETRYING:
            # It comes back after a wait of the workflow's own, and goes on with its count.
            self._tasks[name] = replace(before, status=TaskStatus.RUNNING, retries={})
        else:
            self._tasks[name] = TaskProgress(TaskStatus.RUNNING, started=event["timestamp"])
        self._latest[event["id"]] = name

    def _continue(self, event: "HistoryEventTypeDef", kind: str) -> None:
        name = self._latest.pop(event.get("previousEventId", 0), None)
        if name is None:
            return
        task = self._tasks[name]
        if kind == "TaskStateExited":
            caught = task.status in {TaskStatus.FAILED, TaskStatus.RETRYING}
            if caught and task.error in self._progress.defined[name].comes_back:
                self._tasks[name] = replace(task, status=TaskStatus.RETRYING, finished=None)
                return
            status = TaskStatus.FAILED if caught else TaskStatus.DONE
            finished = task.finished if caught and task.finished else event["timestamp"]
            self._tasks[name] = replace(task, status=status, finished=finished, caught=caught)
            return
        if kind == "TaskStateAborted":
            self._tasks[name] = _stopped(task, event["timestamp"])
            return
        self._latest[event["id"]] = name
        if kind in ATTEMPTS:
            self._tasks[name] = replace(task, status=TaskStatus.RUNNING, attempts=task.attempts + 1, finished=None)
        elif kind in _SUCCESSES:
            # Until the state is left the task still counts as running, though its failures no longer matter.
            self._tasks[name] = replace(task, status=TaskStatus.RUNNING, succeeded=event["id"])
        elif kind in FAILURES:
            self._tasks[name] = self._failed(name, event)

    def _failed(self, name: str, event: "HistoryEventTypeDef") -> TaskProgress:
        error, cause = error_and_cause(event)
        task, defined = self._tasks[name], self._progress.defined[name]
        index = defined.retrier_for(error)
        used = task.retries.get(index, 0) if index is not None else 0
        if index is not None and used < defined.retriers[index].attempts:
            retries = {**task.retries, index: used + 1}
            return replace(task, status=TaskStatus.RETRYING, error=error, cause=cause, retries=retries)
        return replace(task, status=TaskStatus.FAILED, error=error, cause=cause, finished=event["timestamp"])

    def _end(self, event: "HistoryEventTypeDef", status: str) -> None:
        error, cause = _reason(event)
        self._progress = replace(self._progress, ended=status, error=error, cause=cause)
        for name, task in self._tasks.items():
            if task.status in _UNDER_WAY:
                self._tasks[name] = _stopped(task, event["timestamp"])
        self._latest.clear()


def _starts_execution(event: "HistoryEventTypeDef") -> bool:
    details = event.get("taskSubmittedEventDetails", {})
    return details.get("resourceType") == "states" and "startExecution.sync" in details.get("resource", "")


def _stopped(task: TaskProgress, at: datetime) -> TaskProgress:
    return replace(task, status=TaskStatus.STOPPED, finished=at)


def _reason(event: "HistoryEventTypeDef") -> tuple[str, str]:
    """Return the error and the cause with which an execution ended."""
    for key in _EXECUTION_DETAILS:
        details = event.get(key)
        if isinstance(details, Mapping):
            return str(details.get("error") or ""), str(details.get("cause") or "")
    return "", ""
