"""The graph of a workflow: its tasks, their dependencies, and what the whole takes and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from stepweave.contract.agent import Agent
from stepweave.contract.retry import Retry
from stepweave.graph.arguments import Argument, inputs_in, results_in
from stepweave.graph.inputs import Input
from stepweave.graph.location import SourceLocation

TOLERANCE = 0.02
"""A workflow's tolerance unless its author sets another: two hundredths of the critical path."""

MAX_TOLERANCE = 1_000.0
"""The largest tolerance: beyond it barriers alone would decide, and sums of seconds lose their precision."""


INPUTS = "stepweave:input"
"""Stands for the workflow's inputs where tasks' ids stand for their results."""


@dataclass(frozen=True)
class ControlEdge:
    """An order without data: the task starts after `task` has ended."""

    task: str
    location: SourceLocation | None = None


@dataclass(frozen=True)
class Task:
    """One node of the graph: an agent and where its input comes from.

    Parameters
    ----------
    id : str
        Unique in the workflow; the name of the task's state.
    agent : Agent
        What runs.
    arguments : tuple of (str, Argument)
        The agent's input by field name.
    after : tuple of ControlEdge
        Tasks that must end first although their results are not used.
    retry : Retry
        How it is tried again.
    timeout : timedelta
        How long one attempt may take, whole seconds.
    optional : bool
        Whether the workflow goes on when this task fails for good.
    fallback : Task | None
        What runs in its place when it fails for good; its result stands for this task's. It is no node of the graph:
        what it needs, this task waits for.
    location : SourceLocation | None
        Where the author wrote it.
    expected : timedelta | None
        How long it is expected to take; None if nobody said so.
    """

    id: str
    agent: Agent[Any, Any]
    arguments: tuple[tuple[str, Argument], ...] = ()
    after: tuple[ControlEdge, ...] = ()
    retry: Retry = field(default_factory=Retry)
    timeout: timedelta = timedelta(minutes=1)
    optional: bool = False
    location: SourceLocation | None = None
    expected: timedelta | None = None
    fallback: Task | None = None

    @property
    def alternatives(self) -> Iterator[Task]:
        """This task, its fallback, the fallback's own, and so on."""
        task: Task | None = self
        while task is not None:
            yield task
            task = task.fallback

    @cached_property
    def uses(self) -> frozenset[str]:
        """The tasks whose results this one or one of its fallbacks is given."""
        return frozenset(
            task for one in self.alternatives for _, argument in one.arguments for task in results_in(argument)
        )

    @cached_property
    def takes_inputs(self) -> bool:
        """Whether this one or one of its fallbacks is given an input of the workflow."""
        return any(next(inputs_in(argument), None) for one in self.alternatives for _, argument in one.arguments)

    @cached_property
    def dependencies(self) -> frozenset[str]:
        """The tasks that must end before this one starts."""
        return self.uses | {edge.task for one in self.alternatives for edge in one.after}


@dataclass(frozen=True)
class Dag:
    """A workflow as a graph.

    Parameters
    ----------
    name : str
        The workflow's name, for example ``code-review``.
    description : str
        One line for people.
    inputs : tuple of Input
        The fields of the execution's input.
    tasks : tuple of Task
        In the order in which the author wrote them.
    result : str | None
        The task whose result is the workflow's; None if the workflow returns nothing.
    timeout : timedelta
        How long an execution may take, whole seconds.
    tolerance : float
        How much longer than its critical path an execution may be expected to take for the sake of fewer transitions.
    """

    name: str
    description: str
    inputs: tuple[Input, ...]
    tasks: tuple[Task, ...]
    result: str | None
    timeout: timedelta
    tolerance: float = TOLERANCE

    @cached_property
    def by_id(self) -> Mapping[str, Task]:
        """The tasks by id."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def states(self) -> tuple[Task, ...]:
        """The tasks and their fallbacks, all of which have a state of their own."""
        return tuple(one for task in self.tasks for one in task.alternatives)

    @cached_property
    def dependencies(self) -> Mapping[str, frozenset[str]]:
        """What each task waits for, redundant edges included, in the author's order."""
        return {task.id: task.dependencies for task in self.tasks}
