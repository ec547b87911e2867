"""The handle of a task in a workflow function: it stands for the task's future result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self

from stepweave.contract.agent import Agent
from stepweave.contract.option_checks import check_time, check_whole_seconds
from stepweave.contract.retry import Retry
from stepweave.graph.dag import ControlEdge
from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation
from stepweave.language.call_site import call_site
from stepweave.language.placeholder import Owner, Placeholder, check_own
from stepweave.language.types import accepts, type_name

_MAX_EXPECTED = timedelta(days=365)
_CORRECT = "correct it here, or leave it out: then it is as the agent's contract says"


@dataclass
class TaskRecord:
    """What has been said of a task so far."""

    id: str
    agent: Agent[Any, Any]
    inputs: Mapping[str, object]
    location: SourceLocation | None
    after: list[ControlEdge] = field(default_factory=list)
    retry: Retry | None = None
    timeout: timedelta | None = None
    optional: bool = False
    expected: timedelta | None = None
    fallback: TaskRecord | None = None
    replaces: TaskRecord | None = None


class TaskHandle(Placeholder):
    """Stands for the future result of a task, and takes what the author says of the task.

    Each method returns the handle, so that calls can be chained:
    ``tester("test_coverage", repo=repo).after(quality).retry(attempts=5)``.
    """

    def __init__(self, owner: Owner, record: TaskRecord) -> None:
        super().__init__(owner)
        self._record = record

    def after(self, *tasks: TaskHandle) -> Self:
        """Start this task only when `tasks` have ended, although it does not use their results.

        Raises
        ------
        WorkflowError
            If one of them is no task of this workflow.
        """
        location = call_site()
        for task in tasks:
            if not isinstance(task, TaskHandle):
                raise WorkflowError(
                    f"task {self._record.id!r} is put after {task!r}, which is no task",
                    location,
                    "pass what the call of an agent returned",
                )
            check_own(self._owner, task, location)
            self._record.after.append(ControlEdge(task._record.id, location))  # noqa: SLF001 - a handle of its own kind
        return self

    def retry(
        self,
        *,
        attempts: int | None = None,
        interval: timedelta | None = None,
        backoff: float | None = None,
        max_delay: timedelta | None = None,
        errors: tuple[str, ...] | None = None,
    ) -> Self:
        """Change how this task is tried again; what is not given stays as the agent's contract says.

        Parameters
        ----------
        attempts : int
            Attempts after the first; 0 for none.
        interval, max_delay : timedelta
            The first wait and the longest, whole seconds.
        backoff : float
            The factor by which the wait grows.
        errors : tuple of str
            The names of the errors that are retried, instead of the contract's.

        Raises
        ------
        WorkflowError
            If Step Functions would refuse a value.
        """
        given = {
            "attempts": attempts,
            "interval": interval,
            "backoff": backoff,
            "max_delay": max_delay,
            "errors": errors,
        }
        changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        try:
            self._record.retry = replace(self._record.retry or self._record.agent.retry, **changed)
        except (TypeError, ValueError) as error:
            raise WorkflowError(f"task {self._record.id!r}: {error}", call_site(), _CORRECT) from error
        return self

    def timeout(self, limit: timedelta) -> Self:
        """End an attempt of this task after `limit`: whole seconds, at most the agent's own timeout.

        Raises
        ------
        WorkflowError
            If `limit` is not in that range.
        """
        agent = self._record.agent
        most = int(agent.timeout.total_seconds())
        try:
            check_whole_seconds(f"task {self._record.id!r}: timeout", limit, 1, most)
        except (TypeError, ValueError) as error:
            raise WorkflowError(
                str(error),
                call_site(),
                f"give whole seconds, at most the {agent.timeout} of agent {agent.name!r}, or raise the timeout in its "
                "contract",
            ) from error
        self._record.timeout = limit
        return self

    def expect(self, duration: timedelta) -> Self:
        """Say how long this task usually takes, so that the compiler can choose between barriers and gates.

        Durations that ``stepweave profile`` learned count for more.

        Raises
        ------
        WorkflowError
            If `duration` is not above 0, or longer than an execution can last.
        """
        try:
            check_time(f"task {self._record.id!r}: expect", duration, timedelta(microseconds=1), _MAX_EXPECTED)
        except (TypeError, ValueError) as error:
            raise WorkflowError(str(error), call_site(), "give a time above 0, as in timedelta(seconds=30)") from error
        self._record.expected = duration
        return self

    def optional(self) -> Self:
        """Let the workflow go on when this task fails for good.

        The tasks that use its result get a ``TaskFailure`` where their input's type has room for one, else None.

        Raises
        ------
        WorkflowError
            If it is the fallback of another task.
        """
        self._record.optional = True
        _check_fallback(self._record, call_site())
        return self

    def fallback(self, task: TaskHandle) -> Self:
        """Run `task` in the place of this one when this one fails for good, or its circuit breaker is open.

        The result of `task` then stands for this one's. What `task` needs, this one waits for, so that it can start at
        once. It may have a fallback of its own. If it fails too, this task has failed.

        Parameters
        ----------
        task : TaskHandle
            A task that nothing else uses. It has retries and a timeout of its own.

        Raises
        ------
        WorkflowError
            If it is no such task, or its result is not of the type of this one's.

        Example
        -------
        >>> scan = scanner("scan", repo=repo).fallback(quick_scanner("quick_scan", repo=repo))  # doctest: +SKIP
        """
        location = call_site()
        if not isinstance(task, TaskHandle):
            raise WorkflowError(
                f"the fallback of task {self._record.id!r} is {task!r}, which is no task",
                location,
                "pass what the call of an agent returned",
            )
        check_own(self._owner, task, location)
        other = task._record
        if self._record.fallback is not None:
            raise WorkflowError(
                f"task {self._record.id!r} has the fallback {self._record.fallback.id!r} already",
                location,
                f"give that one the next: ...fallback({self._record.fallback.id}.fallback({other.id}))",
            )
        if other.replaces is not None or other is self._record or _replaces(self._record, other):
            raise WorkflowError(
                f"task {other.id!r} cannot be the fallback of {self._record.id!r}: a task has one place in a workflow",
                location,
                f"call agent {other.agent.name!r} again, with another task id",
            )
        if not accepts(self._record.agent.output, other.agent.output):
            raise WorkflowError(
                f"the fallback {other.id!r} of task {self._record.id!r} returns a {type_name(other.agent.output)}, "
                f"not a {type_name(self._record.agent.output)}",
                location,
                "who uses the result must not need to know which of the two made it: let the fallback's agent return "
                "the same model, or one derived from it",
            )
        self._record.fallback, other.replaces = other, self._record
        _check_fallback(other, location)
        return self

    def _described(self) -> str:
        return f"the result of task {self._record.id!r}"

    def __repr__(self) -> str:
        return f"<task {self._record.id} of agent {self._record.agent.name}>"


def check_used_itself(record: TaskRecord, location: SourceLocation | None) -> None:
    """Refuse that a fallback is used otherwise than through the task that it replaces.

    Raises
    ------
    WorkflowError
        Naming that task.
    """
    if record.replaces is not None:
        raise WorkflowError(
            f"task {record.id!r} is used, but it is the fallback of {record.replaces.id!r} and may never run",
            location,
            f"use {record.replaces.id!r}: its result is that of {record.id!r} where that one took its place",
        )


def _replaces(task: TaskRecord, other: TaskRecord) -> bool:
    """Tell whether a task is the fallback of another, or of one of the other's fallbacks."""
    above = task.replaces
    while above is not None and above is not other:
        above = above.replaces
    return above is other


def _check_fallback(record: TaskRecord, location: SourceLocation | None) -> None:
    if record.replaces is not None and record.optional:
        raise WorkflowError(
            f"task {record.id!r} is optional and the fallback of {record.replaces.id!r}",
            location,
            f"make {record.replaces.id!r} optional: then the workflow goes on when both have failed",
        )
