"""Checks that the tasks of a file make a graph that can be run."""

from collections.abc import Mapping, Sequence

from stepweave.dag_files.errors import abbreviated
from stepweave.dag_files.file_task import FileTask
from stepweave.dag_files.node import Node
from stepweave.graph.validate import MAX_ID_LENGTH, check_id, find_cycle

MAX_TASKS = 25_000
"""More tasks are refused: the compiler's memory grows with their square."""

SHORTEN = "--shorten-ids"


def check_tasks(root: Node, tasks: Sequence[FileTask]) -> None:
    """Check ids, references and the absence of cycles.

    Raises
    ------
    DagFileError
        Naming the first problem found, its place and what to do.
    """
    if not tasks:
        raise root.error("the file has no tasks", "add at least one")
    if len(tasks) > MAX_TASKS:
        raise root.error(f"the file has {len(tasks):,} tasks, more than the {MAX_TASKS:,} allowed", "split the graph")
    by_id = _by_id(tasks)
    for task in tasks:
        _check_references(task, by_id)
    _check_acyclic(tasks, by_id)


def _by_id(tasks: Sequence[FileTask]) -> Mapping[str, FileTask]:
    found: dict[str, FileTask] = {}
    for task in tasks:
        if wrong := check_id(task.id):
            too_long = len(task.id) > MAX_ID_LENGTH
            raise task.node.error(wrong.problem, wrong.remedy + (f", or pass {SHORTEN}" if too_long else ""))
        if task.id in found:
            first = found[task.id].node.place
            raise task.node.error(f"the id {task.id!r} is that of {first} too", "give each task an id of its own")
        found[task.id] = task
    return found


def _check_references(task: FileTask, by_id: Mapping[str, FileTask]) -> None:
    seen: set[str] = set()
    for reference in task.depends_on:
        name = abbreviated(reference.task)
        if reference.task == task.id:
            raise reference.node.error(f"task {name} depends on itself", "remove the dependency")
        if reference.task not in by_id:
            raise reference.node.error(f"there is no task {name}", "add that task, or remove the dependency")
        if reference.task in seen:
            raise reference.node.error(f"task {name} is named twice", "remove the second one")
        seen.add(reference.task)


def _check_acyclic(tasks: Sequence[FileTask], by_id: Mapping[str, FileTask]) -> None:
    cycle = find_cycle({task.id: frozenset(one.task for one in task.depends_on) for task in tasks})
    if cycle is None:
        return
    # Told from the task that the file names first: the same cycle is always reported in the same way.
    order = {task.id: position for position, task in enumerate(tasks)}
    first = cycle.index(min(cycle, key=order.__getitem__))
    cycle = cycle[first:] + cycle[:first]
    closing = next(one for one in by_id[cycle[0]].depends_on if one.task == cycle[-1])
    shown = cycle if len(cycle) <= 10 else [*cycle[:5], "...", *cycle[-4:]]
    raise closing.node.error(
        f"the tasks {' -> '.join([*shown, cycle[0]])} wait for one another", "remove one of these dependencies"
    )
