"""A DAG file that was read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from stepweave.contract.agent import Agent
from stepweave.dag_files.agents import find_agent
from stepweave.dag_files.arguments import constants, results, takes_results
from stepweave.dag_files.errors import DagFileError
from stepweave.dag_files.file_task import FileTask
from stepweave.dag_files.json_file import shown
from stepweave.functions.replayer.contract import MAX_REPLAY_SECONDS, replayer
from stepweave.graph.arguments import Argument, Constant
from stepweave.graph.dag import ControlEdge, Dag, Task
from stepweave.language.trace import BACKSTOP

UNRECORDED_SECONDS = 1.0
"""What the replayer takes for a task of which no time is recorded, before scaling."""

_LEAST_TIMEOUT = timedelta(hours=1)


@dataclass(frozen=True)
class DagFile:
    """A DAG file that was read and checked.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        A digest of its contents.
    name : str
        The name of its workflow.
    tasks : tuple of FileTask
        In the file's order.
    shortened : Mapping[str, str]
        The id that a task has here, by its id in the file, for each task whose id was shortened.
    """

    path: Path
    sha256: str
    name: str
    tasks: tuple[FileTask, ...]
    shortened: Mapping[str, str]

    @cached_property
    def dependencies(self) -> Mapping[str, frozenset[str]]:
        """What each task waits for, redundant edges included."""
        return {task.id: frozenset(one.task for one in task.depends_on) for task in self.tasks}

    @cached_property
    def sinks(self) -> tuple[str, ...]:
        """The tasks that no other depends on, in the file's order."""
        needed = {needed for needs in self.dependencies.values() for needed in needs}
        return tuple(task.id for task in self.tasks if task.id not in needed)

    @cached_property
    def durations(self) -> Mapping[str, float] | None:
        """The seconds that tasks took, by id, as far as they are known; None if none is."""
        return {task.id: task.seconds for task in self.tasks if task.seconds is not None} or None

    def replayed_seconds(self, time_scale: float = 1.0) -> Mapping[str, float]:
        """Return how long the tasks of the replayer take, in seconds by id."""
        return {
            task.id: _replayed(task, time_scale) for task in self.tasks if self._agents[task.id].name == replayer.name
        }

    def check_replay(self, time_scale: float) -> None:
        """Make sure that the replayer can take as long as the file says.

        Raises
        ------
        DagFileError
            If a task would take longer than a function may.
        """
        seconds = self.replayed_seconds(time_scale)
        longest = max(
            (task for task in self.tasks if task.id in seconds), key=lambda task: seconds[task.id], default=None
        )
        if longest is not None and seconds[longest.id] > MAX_REPLAY_SECONDS:
            fitting = MAX_REPLAY_SECONDS / _replayed(longest, 1.0)
            raise DagFileError(
                shown(self.path),
                longest.node.place,
                f"task {longest.id!r} would take {seconds[longest.id]:,.1f} seconds, more than the "
                f"{MAX_REPLAY_SECONDS} that a function may",
                f"choose a time scale of at most {fitting:.2g}",
            )

    def description(self, time_scale: float) -> str:
        """Say what was compiled: state machines of the same description are the same."""
        return f"{len(self.tasks)} tasks of {self.name} (sha256 {self.sha256[:16]}) at time scale {time_scale:g}"

    def dag(self, time_scale: float = 1.0) -> Dag:
        """Return the file's workflow.

        A task's agent is given the constants of its ``input``. If the agent has an input ``dependencies`` that takes
        them, it is given the results of the task's dependencies too, in the file's order. The workflow returns the
        result of the one task that no other depends on. It returns nothing if there are several: their results together
        need not fit the payload of a state; ``stepweave run`` collects them.

        Parameters
        ----------
        time_scale : float
            By what the seconds of replayed tasks are multiplied.
        """
        tasks = tuple(self._task(task, time_scale) for task in self.tasks)
        return Dag(
            name=self.name,
            description=self.description(time_scale),
            inputs=(),
            tasks=tasks,
            result=self.sinks[0] if len(self.sinks) == 1 else None,
            # Nothing takes longer than one task after the other; MAX_TASKS of them still end within a year.
            timeout=max(_LEAST_TIMEOUT, sum((task.timeout for task in tasks), timedelta())),
        )

    @cached_property
    def _agents(self) -> Mapping[str, Agent[Any, Any]]:
        return {task.id: replayer if task.agent is None else find_agent(task.agent) for task in self.tasks}

    def _task(self, task: FileTask, time_scale: float) -> Task:
        agent = self._agents[task.id]
        arguments = self._constants[task.id]
        if agent.name == replayer.name:
            arguments = [("seconds", Constant(_replayed(task, time_scale))), *arguments]
        given = takes_results(agent, [self._agents[one.task] for one in task.depends_on])
        if given and task.depends_on:
            arguments = [*arguments, results(agent, task)]
        return Task(
            id=task.id,
            agent=agent,
            arguments=tuple(arguments),
            after=() if given else tuple(ControlEdge(one.task) for one in task.depends_on),
            retry=agent.retry,
            timeout=agent.timeout + BACKSTOP,
        )

    @cached_property
    def _constants(self) -> Mapping[str, list[tuple[str, Argument]]]:
        return {
            task.id: constants(self._agents[task.id], task, task.input.fields() if task.input else {})
            for task in self.tasks
        }

    def check_agents(self) -> None:
        """Find every agent and check its constants.

        Raises
        ------
        DagFileError
            If an agent is unknown, or its input does not fit.
        """
        for task in self.tasks:
            if self._agents[task.id].name == replayer.name and task.input and (seconds := task.input.field("seconds")):
                raise seconds.error("the seconds of a replayed task stand beside its id", "move them there")
        _ = self._constants


def _replayed(task: FileTask, time_scale: float) -> float:
    # No one sleeps more exactly, and smaller numbers are written with an exponent, which not every engine reads.
    return round((UNRECORDED_SECONDS if task.seconds is None else task.seconds) * time_scale, 4)
