"""The handle of a task in a workflow function: it stands for the task's future result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from lambdas.contract.agent import Agent
from lambdas.contract.retry import Retry
from state_machines.graph.dag import ControlEdge
from state_machines.graph.errors import WorkflowError
from state_machines.graph.location import SourceLocation
from state_machines.language.call_site import call_site
from state_machines.language.placeholder import Placeholder

if TYPE_CHECKING:
    from state_machines.language.trace import Trace


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


class TaskHandle(Placeholder):
    """Stands for the future result of a task, and takes what the author says of the task.

    Each method returns the handle, so that calls can be chained:
    ``tester("test_coverage", repo=repo).after(quality).retry(attempts=5)``.
    """

    def __init__(self, trace: Trace, record: TaskRecord) -> None:
        self._trace = trace
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
            self._trace.check_own(task, location)
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
        base = self._record.retry or self._record.agent.retry
        try:
            self._record.retry = Retry(
                attempts=base.attempts if attempts is None else attempts,
                interval=interval or base.interval,
                backoff=base.backoff if backoff is None else backoff,
                max_delay=max_delay or base.max_delay,
                errors=base.errors if errors is None else errors,
            )
        except ValueError as error:
            raise WorkflowError(f"task {self._record.id!r}: {error}", call_site()) from error
        return self

    def timeout(self, limit: timedelta) -> Self:
        """End an attempt of this task after `limit`: whole seconds, at most the agent's own timeout.

        Raises
        ------
        WorkflowError
            If `limit` is not in that range.
        """
        seconds = limit.total_seconds()
        most = self._record.agent.timeout
        if seconds < 1 or seconds != int(seconds) or limit > most:
            raise WorkflowError(
                f"task {self._record.id!r} has a timeout of {limit}",
                call_site(),
                f"give whole seconds, at most the {most} of agent {self._record.agent.name!r}, "
                "or raise the timeout in its contract",
            )
        self._record.timeout = limit
        return self

    def expect(self, duration: timedelta) -> Self:
        """Say how long this task usually takes, so that the compiler can choose between barriers and gates.

        Durations that ``stepweave profile`` learned count for more.

        Raises
        ------
        WorkflowError
            If `duration` is not above 0.
        """
        if duration <= timedelta():
            raise WorkflowError(
                f"task {self._record.id!r} is expected to take {duration}", call_site(), "give a time above 0"
            )
        self._record.expected = duration
        return self

    def optional(self) -> Self:
        """Let the workflow go on when this task fails for good.

        The tasks that use its result get a ``TaskFailure`` where their input's type has room for one, else None.
        """
        self._record.optional = True
        return self

    def _described(self) -> str:
        return f"the result of task {self._record.id!r}"

    def __repr__(self) -> str:
        return f"<task {self._record.id} of agent {self._record.agent.name}>"
