"""An execution and the nested ones that it starts, seen as one.

A workflow that is too large for one execution runs in several. To a person it is one workflow: its tasks are the tasks
of all of them.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from stepweave.command.executions.definition_tasks import defined_tasks
from stepweave.command.executions.failure_text import innermost
from stepweave.command.executions.history import HistoryReader, events_with_data
from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus, abandoned, advance

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_LATE_LOOKS = 5
"""Looks for which nested executions may lag behind the end of the whole: histories are eventually consistent."""


class ExecutionTree:
    """Reads how far an execution is, with the nested executions that it has started.

    Parameters
    ----------
    client : SFNClient
        Where they run.
    execution_arn : str
        The execution.
    progress : Progress
        Its tasks and those of its nested executions, in the order in which they are to be shown.
    """

    def __init__(self, client: "SFNClient", execution_arn: str, progress: Progress) -> None:
        self.client = client
        self.execution_arn = execution_arn
        self.progress = progress
        self._main = _Execution(client, execution_arn, progress)
        self._executions = [self._main]
        self._looks_after_end = 0

    @property
    def is_late(self) -> bool:
        """Whether its end is known, but not yet that of all its parts."""
        return bool(self._main.progress.ended) and not self.progress.ended

    @property
    def nested_under_way(self) -> list[str]:
        """The ARNs of the nested executions that have not ended."""
        return [each.arn for each in self._executions[1:] if not each.progress.ended]

    def look(self) -> Progress:
        """Read what is new, and return how far the whole is; it ends after all of its parts."""
        for execution in self._executions:  # grows on the way
            execution.read()
            self._executions += execution.started()
        main = self._main.progress
        if main.ended and self.nested_under_way:
            self._looks_after_end += 1
            if self._looks_after_end < _LATE_LOOKS:
                self.progress = replace(self._merged(), ended="")
                return self.progress
            for execution in self._executions:
                execution.progress = abandoned(execution.progress, datetime.now(UTC))
        self.progress = self._merged()
        return self.progress

    def abandon(self) -> Progress:
        """Return the progress of an execution that was stopped, as if its history said so already."""
        for execution in self._executions:
            execution.progress = abandoned(execution.progress, datetime.now(UTC))
        self.progress = self._merged()
        return self.progress

    def results(self, tasks: Collection[str]) -> dict[str, JsonValue]:
        """Return what tasks returned, by id; those that returned nothing are left out."""
        found: dict[str, JsonValue] = {}
        for execution in self._executions:
            found |= execution.results(tasks)
        return {task: found[task] for task in tasks if task in found}

    def _merged(self) -> Progress:
        tasks, defined = dict(self._main.progress.tasks), dict(self._main.progress.defined)
        for execution in self._executions[1:]:
            for name, task in execution.progress.tasks.items():
                # A nested execution may be one of several attempts: the latest that got to a task tells of it.
                if name not in tasks or task.status is not TaskStatus.WAITING:
                    tasks[name] = task
                    defined[name] = execution.progress.defined[name]
        main = self._main.progress
        error, cause = innermost(main.error, main.cause)
        return replace(main, tasks=tasks, defined=defined, error=error, cause=cause)


class _Execution:
    """One execution of a tree."""

    def __init__(self, client: "SFNClient", arn: str, progress: Progress) -> None:
        self.arn = arn
        self.progress = progress
        self._client = client
        self._history = HistoryReader(client, arn)
        self._followed: set[int] = set()

    def read(self) -> None:
        """Take in what its history has gained."""
        if not self.progress.ended:
            self.progress = advance(self.progress, self._history.read())

    def started(self) -> "list[_Execution]":
        """Return the nested executions that it has started since the last call."""
        new = set(self.progress.submitted) - self._followed
        children = []
        for number, event in sorted(events_with_data(self._client, self.arn, new).items()):
            arn = str(json.loads(event["taskSubmittedEventDetails"]["output"])["ExecutionArn"])
            # What runs there, which need not be what is deployed now.
            definition = self._client.describe_state_machine_for_execution(executionArn=arn)["definition"]
            children.append(_Execution(self._client, arn, Progress.of(defined_tasks(json.loads(definition)))))
            self._followed.add(number)
        return children

    def results(self, tasks: Collection[str]) -> dict[str, JsonValue]:
        """Return what tasks returned here."""
        names = {number: name for name, number in self._ends(tasks)}
        events = events_with_data(self._client, self.arn, names)
        return {names[number]: json.loads(_output(event)) for number, event in events.items()}

    def _ends(self, tasks: Collection[str]) -> Iterator[tuple[str, int]]:
        for name in tasks:
            task = self.progress.tasks.get(name, TaskProgress())
            if task.status is TaskStatus.DONE and task.succeeded:
                yield name, task.succeeded


def _output(event: object) -> str:
    for key in ("lambdaFunctionSucceededEventDetails", "taskSucceededEventDetails"):
        if isinstance(event, dict) and key in event:
            return str(event[key].get("output", "null"))
    return "null"
