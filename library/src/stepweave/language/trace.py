"""Records the tasks that a workflow function places while it runs once, at build time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from stepweave.contract.agent import Agent
from stepweave.graph.dag import Task
from stepweave.graph.errors import WorkflowError
from stepweave.language.binding import bind
from stepweave.language.call_site import call_site
from stepweave.language.inputs import InputField, InputPlaceholder
from stepweave.language.source_check import check_not_enclosed
from stepweave.language.task import TaskHandle, TaskRecord, check_used_itself

BACKSTOP = timedelta(seconds=10)
"""How much longer than its function a state waits: the function's own timeout says more, so it comes first."""


class Trace:
    """The tasks of one run of a workflow function.

    Parameters
    ----------
    workflow : str
        The function's name, for messages.
    """

    def __init__(self, workflow: str) -> None:
        self.workflow = workflow
        self._handles: list[TaskHandle] = []
        self._refusals: list[WorkflowError] = []

    def input(self, field: InputField) -> InputPlaceholder:
        """Make the placeholder of a workflow input."""
        return InputPlaceholder(field, self)

    def record(self, agent: Agent[Any, Any], task_id: str | None, inputs: Mapping[str, object]) -> TaskHandle:
        """Place a task."""
        location = call_site()
        try:
            check_not_enclosed()
        except WorkflowError as refusal:
            self.note(refusal)  # what encloses the call may catch it
            raise
        if task_id is not None and not isinstance(task_id, str):
            raise WorkflowError(
                f"agent {agent.name!r} is given {task_id!r} as its task's id",
                location,
                f"pass inputs by name: {agent.name}('task_id', {next(iter(agent.input.model_fields), 'field')}=...)",
            )
        handle = TaskHandle(self, TaskRecord(agent.name if task_id is None else task_id, agent, dict(inputs), location))
        self._handles.append(handle)
        return handle

    def note(self, refusal: WorkflowError) -> None:
        """Remember a refusal, so that it counts even if the function catches it."""
        self._refusals.append(refusal)

    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks in the order in which they were placed, with their inputs bound and type-checked.

        Raises
        ------
        WorkflowError
            If an input does not fit the agent's contract, or a task waits for another's fallback.
            What was refused first, if the function caught that.
        """
        if self._refusals:
            raise self._refusals[0]
        records = [handle._record for handle in self._handles]  # noqa: SLF001 - the trace made it
        fallbacks = {record.id: record for record in records if record.replaces is not None}
        for record in records:
            for edge in record.after:
                if edge.task in fallbacks:
                    check_used_itself(fallbacks[edge.task], edge.location)
        return tuple(self._task(record) for record in records if record.replaces is None)

    def _task(self, record: TaskRecord) -> Task:
        return Task(
            id=record.id,
            agent=record.agent,
            arguments=bind(self, record),
            after=tuple(record.after),
            retry=record.retry or record.agent.retry,
            timeout=record.timeout or record.agent.timeout + BACKSTOP,
            optional=record.optional,
            location=record.location,
            expected=record.expected or record.agent.expected,
            fallback=self._task(record.fallback) if record.fallback else None,
        )
