"""Checks that a graph can be run at all."""

import re
from collections import Counter
from collections.abc import Mapping

from state_machines.graph.dag import Dag, Task
from state_machines.graph.errors import WorkflowError
from state_machines.graph.location import SourceLocation

MAX_ID_LENGTH = 80
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")


def validate(dag: Dag) -> None:
    """Check ids, references and the absence of cycles.

    Raises
    ------
    WorkflowError
        Naming the first problem found, the author's line, and what to do.
    """
    if not dag.tasks:
        raise WorkflowError(f"workflow {dag.name!r} has no tasks", remedy="call at least one agent in it")
    _check_ids(dag)
    _check_references(dag)
    _check_acyclic(dag)


def _check_ids(dag: Dag) -> None:
    for task in dag.tasks:
        if len(task.id) > MAX_ID_LENGTH:
            raise WorkflowError(
                f"task id {task.id[:20]!r}... has {len(task.id)} characters",
                task.location,
                f"Step Functions allows {MAX_ID_LENGTH}; choose a shorter one",
            )
        if not _ID.fullmatch(task.id):
            raise WorkflowError(
                f"task id {task.id!r} cannot name a state",
                task.location,
                "use letters, digits, '_', '-' and '.', starting with a letter, a digit or '_'",
            )
    counts = Counter(task.id for task in dag.tasks)
    for task in reversed(dag.tasks):
        if counts[task.id] > 1:
            first = next(other for other in dag.tasks if other.id == task.id)
            where = f", first used at {first.location}" if first.location else ""
            raise WorkflowError(
                f"two tasks have the id {task.id!r}{where}",
                task.location,
                f"give this one an id of its own: {task.agent.name}('another_id', ...)",
            )


def _check_references(dag: Dag) -> None:
    for task in dag.tasks:
        for needed in sorted(task.dependencies):
            if needed not in dag.by_id:
                raise WorkflowError(
                    f"task {task.id!r} depends on {needed!r}, which is no task of workflow {dag.name!r}",
                    task.location,
                    "add that task, or remove the dependency",
                )
    if dag.result is not None and dag.result not in dag.by_id:
        raise WorkflowError(f"workflow {dag.name!r} returns {dag.result!r}, which is no task of it")


def _check_acyclic(dag: Dag) -> None:
    cycle = find_cycle(dag.dependencies)
    if cycle is None:
        return
    written = list(dag.by_id)
    first = cycle.index(min(cycle, key=written.index))
    cycle = cycle[first:] + cycle[:first]
    tasks = [dag.by_id[task] for task in cycle]
    raise WorkflowError(
        f"the tasks {' -> '.join([*cycle, cycle[0]])} wait for one another",
        _last_edge_written(tasks),
        "remove one of these dependencies",
    )


def _last_edge_written(cycle: list[Task]) -> SourceLocation | None:
    """Return the line that closed the cycle: the last control edge in it, or a task of it."""
    members = {task.id for task in cycle}
    edges = [edge.location for task in cycle for edge in task.after if edge.task in members and edge.location]
    return max(edges) if edges else cycle[-1].location


def find_cycle(dependencies: Mapping[str, frozenset[str]]) -> list[str] | None:
    """Find tasks that wait for one another in a circle.

    Parameters
    ----------
    dependencies : Mapping[str, frozenset[str]]
        What each task waits for; every task named must be a key.

    Returns
    -------
    list[str] | None
        The circle, each task before the one that waits for it; None if there is none.
    """
    done: set[str] = set()
    for root in dependencies:
        path: dict[str, None] = {}
        stack = [(root, False)]
        while stack:
            task, leaving = stack.pop()
            if leaving:
                del path[task]
                done.add(task)
            elif task in path:
                waiting = list(path)
                return waiting[waiting.index(task) :][::-1]
            elif task not in done:
                path[task] = None
                stack.append((task, True))
                stack.extend((needed, False) for needed in sorted(dependencies[task]))
    return None
