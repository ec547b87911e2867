"""One execution, as a test sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue, ValidationError

from stepweave.command.run.reports import resolve_references
from stepweave.compiler.jsonpath_dialect.reading import states_in
from stepweave.contract.event import TaskEvent
from stepweave.contract.value_paths import Place, is_reference, places, publisher, replaced
from stepweave.testing.errors import ExecutionTimeoutError, TestApiError, is_the_tests
from stepweave.testing.failure import Failure, failure_among
from stepweave.testing.history import StateVisit, details, parsed, visits
from stepweave.testing.task_run import TaskRun
from stepweave.testing.task_token import PendingToken, pending_tokens

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

    from stepweave.testing.backend import Backend

__tracebackhide__ = is_the_tests

PATIENCE_SECONDS: Final = 60.0
"""How long a test waits for an execution unless it says otherwise, real time."""

_UNDER_WAY: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})


class Run:
    """One execution of a workflow.

    Parameters
    ----------
    backend : Backend
        Where it runs.
    arn : str
        The execution's ARN.

    Example
    -------
    >>> run = cloud.run(word_count, texts=texts)  # doctest: +SKIP
    >>> assert run.status == "SUCCEEDED"  # doctest: +SKIP
    >>> assert run.task("security_scan").attempts == 1  # doctest: +SKIP
    >>> assert run.started_after("generate_report", "security_scan")  # doctest: +SKIP
    """

    def __init__(self, backend: Backend, arn: str) -> None:
        self.arn = arn
        self._backend = backend
        self._client: SFNClient = backend.client("stepfunctions")
        self._ended: DescribeExecutionOutputTypeDef | None = None
        self._finished_visits: list[StateVisit] | None = None

    @property
    def status(self) -> str:
        """``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``."""
        return self._description()["status"]

    @property
    def output(self) -> JsonValue:
        """What it returned, with results that are in S3 in their places; None if it did not succeed."""
        return self._resolved(self._description().get("output", ""))

    @property
    def error(self) -> str:
        """The name of the error that it failed with; empty if it did not."""
        return self._description().get("error", "")

    @property
    def cause(self) -> str:
        """What is said about the error."""
        return self._description().get("cause", "")

    @property
    def failure(self) -> Failure | None:
        """Why it failed, which task first of all; None if it runs or succeeded."""
        if self.status in {*_UNDER_WAY, "SUCCEEDED"}:
            return None
        return failure_among(self.tasks, self.error, self.cause)

    @property
    def seconds(self) -> float | None:
        """How long it took by the clock of Step Functions; None while it runs."""
        description = self._description()
        stopped = description.get("stopDate")
        return None if stopped is None else (stopped - description["startDate"]).total_seconds()

    @property
    def history(self) -> list[HistoryEventTypeDef]:
        """The events of the execution, oldest first; those of nested executions are in their own histories."""
        return self._events(self.arn)

    @property
    def order(self) -> list[str]:
        """The ids of the tasks that have started, in the order of their start; of a task in a loop, its first."""
        started = [visit.name for visit in self._visits() if visit.calls_function]
        return list(dict.fromkeys(started))

    @property
    def states(self) -> list[str]:
        """The names of all states that were entered, in order; those of a loop as often as they were."""
        return [visit.name for visit in self._visits()]

    @property
    def tasks(self) -> dict[str, TaskRun]:
        """The tasks that have started, by id."""
        return {name: self.task(name) for name in self.order}

    def task(self, name: str) -> TaskRun:
        """Return what became of a task, or of another state; of one that was visited often, the latest visit.

        Raises
        ------
        TestApiError
            If the workflow has no such task.
        """
        found = [visit for visit in self._visits() if visit.name == name]
        if found:
            return self._task_run(found[-1])
        known = self._state_names()
        if name not in known:
            raise TestApiError(f"the workflow has no task {name!r}; it has {', '.join(sorted(known))}")
        return TaskRun(name)

    def started_after(self, later: str, earlier: str) -> bool:
        """Tell whether a task was first tried after another one had ended, by their order in the history.

        A task behind a gate may start some milliseconds before the history shows the end of the one that opened the
        gate: an agent opens it inside its own invocation, when its result is there.
        """
        first, second = self._visit(earlier), self._visit(later)
        end, begin = first.ended or first.succeeded, second.scheduled or second.entered
        if end is None:
            return False
        if first.execution == second.execution:
            return begin["id"] > end["id"]
        return begin["timestamp"] >= end["timestamp"]

    def wait(self, timeout: float = PATIENCE_SECONDS) -> Run:
        """Wait until the execution has ended, however it does.

        Parameters
        ----------
        timeout : float
            The longest wait, in seconds of real time.

        Raises
        ------
        ExecutionTimeoutError
            If it has not ended by then.
        ExecutionStuckError
            If time is skipped, and the execution waits for what no time brings, such as a task token.
        """
        self._await("ended", timeout, lambda: self.status not in _UNDER_WAY)
        return self

    def wait_for_token(self, task: str | None = None, timeout: float = PATIENCE_SECONDS) -> PendingToken:
        """Wait until the execution waits for a task token, and return it.

        Parameters
        ----------
        task : str | None
            The state that is to wait for it; None for any.
        timeout : float
            The longest wait, in seconds of real time.
        """
        found: list[PendingToken] = []

        def has_come() -> bool:
            found[:] = [each for each in self.pending_tokens() if task in {None, each.task}]
            return bool(found) or self.status not in _UNDER_WAY

        self._await(f"come to a task token{f' of {task}' if task else ''}", timeout, has_come)
        if not found:
            raise TestApiError(
                f"the execution {self.status} without waiting for a task token{f' of {task}' if task else ''}"
            )
        return found[0]

    def pending_tokens(self) -> list[PendingToken]:
        """Return the task tokens that the execution waits for now."""
        return pending_tokens(self._visits(), self._definition(self.arn))

    def stop(self, error: str = "Stopped", cause: str = "by the test") -> None:
        """Stop the execution."""
        self._client.stop_execution(executionArn=self.arn, error=error, cause=cause)

    def __repr__(self) -> str:
        name = self.arn.rpartition(":")[2]
        try:
            failure = self.failure
            return f"<Run {name} {self.status}{f': {failure.summary}' if failure is not None else ''}>"
        except Exception as error:  # noqa: BLE001 - the test's own failure must not be hidden by one of its description
            return f"<Run {name}, of which nothing can be told: {type(error).__name__}>"

    def _await(self, goal: str, timeout: float, is_done: Callable[[], bool]) -> None:
        if not self._backend.await_(is_done, timeout):
            running = [name for name, task in self.tasks.items() if task.status == "RUNNING"]
            raise ExecutionTimeoutError(
                f"the execution has not {goal} after {timeout:g} s; it is {self.status}, "
                f"running: {', '.join(running) or 'no task'}"
            )

    def _description(self) -> DescribeExecutionOutputTypeDef:
        if self._ended is not None:
            return self._ended
        found = self._client.describe_execution(executionArn=self.arn)
        if found["status"] not in _UNDER_WAY:
            self._ended = found
        return found

    def _visit(self, name: str) -> StateVisit:
        found = [visit for visit in self._visits() if visit.name == name]
        if not found:
            raise TestApiError(f"{name!r} has not started; these have: {', '.join(self.order) or 'no task'}")
        return found[0]

    def _visits(self) -> list[StateVisit]:
        if self._finished_visits is not None:
            return self._finished_visits
        is_over = self.status not in _UNDER_WAY
        found = sorted(self._visits_of(self.arn), key=lambda visit: visit.started_at)
        if is_over:
            self._finished_visits = found
        return found

    def _visits_of(self, arn: str) -> Iterator[StateVisit]:
        for visit in visits(self._events(arn)):
            visit.execution = arn
            yield visit
            nested = parsed(details(visit.submitted or visit.succeeded, "output"))
            if isinstance(nested, dict) and ":execution:" in str(nested.get("ExecutionArn", "")):
                yield from self._visits_of(str(nested["ExecutionArn"]))

    def _events(self, arn: str) -> list[HistoryEventTypeDef]:
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def _definition(self, arn: str) -> dict[str, Any]:
        text = self._client.describe_state_machine_for_execution(executionArn=arn)["definition"]
        definition: dict[str, Any] = json.loads(text)
        return definition

    def _state_names(self) -> set[str]:
        arns = {self.arn, *(visit.execution for visit in self._visits())}
        return {name for arn in arns for name, _ in states_in(self._definition(arn))}

    def _task_run(self, visit: StateVisit) -> TaskRun:
        status = self._status_of(visit)
        failed = visit.failed if visit.succeeded is None or visit.failed is not None else None
        output = details(visit.succeeded, "output") or (details(visit.ended, "output") if visit.has_exited else "")
        return TaskRun(
            id=visit.name,
            status=status,
            input=self._input_of(visit),
            output=self._resolved(output) if status == "SUCCEEDED" else None,
            attempts=visit.attempts,
            started=visit.started_at,
            ended=visit.ended["timestamp"] if visit.ended is not None and status != "RUNNING" else None,
            error=_error_of(failed),
            cause=details(failed, "cause"),
            caught=visit.has_exited and failed is not None,
        )

    def _status_of(self, visit: StateVisit) -> str:
        if visit.failed is not None and (visit.has_exited or self.status not in _UNDER_WAY):
            return "FAILED"
        if visit.has_exited:
            return "SUCCEEDED"
        return "RUNNING" if self.status in _UNDER_WAY else "ABORTED"

    def _input_of(self, visit: StateVisit) -> JsonValue:
        given = details(visit.scheduled, "input") or details(visit.scheduled, "parameters")
        value = parsed(given or details(visit.entered, "input"))
        if isinstance(value, dict) and isinstance(value.get("Payload"), dict):
            value = value["Payload"]
        with suppress(ValidationError):  # it is no agent's
            return self._filled(TaskEvent.model_validate(value))
        return value

    def _filled(self, event: TaskEvent) -> JsonValue:
        """Return a task's input with results in it that are in S3, or that other branches published."""
        found: dict[Place, JsonValue] = {}
        for place, value in places(event.input, event.stand_ins):
            if task := publisher(value):
                found[place] = self.task(task).output
            elif is_reference(value):
                found[place] = resolve_references(self._s3(), value)
        return replaced(event.input, found)

    def _resolved(self, text: str) -> JsonValue:
        return resolve_references(self._s3(), parsed(text))

    def _s3(self) -> S3Client:
        client: S3Client = self._backend.client("s3")
        return client


def _error_of(failed: HistoryEventTypeDef | None) -> str:
    if failed is None:
        return ""
    # AWS leaves the error of a timeout out.
    return details(failed, "error") or ("States.Timeout" if "TimedOut" in failed["type"] else "States.TaskFailed")
