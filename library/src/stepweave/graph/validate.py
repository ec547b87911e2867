"""Checks that a graph can be run at all."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from stepweave.contract.json_values import lossy_fields
from stepweave.graph.dag import Dag, Task
from stepweave.graph.errors import WorkflowError
from stepweave.graph.location import SourceLocation

MAX_ID_LENGTH = 80
"""Characters that a state's name, which a task's id is, may have (Amazon States Language)."""

_UNPRINTABLE = re.compile(r"[^ -~]")
_SYNTAX = re.compile(r"[\[\]{}$'\"`\\]")
_RESERVED = ("slot:", "gate:", "breaker:", "stepweave:")
_FOLDERS = frozenset({".", ".."})


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
    _check_outputs(dag)


def _check_ids(dag: Dag) -> None:
    for task in dag.states:
        if wrong := check_id(task.id):
            raise WorkflowError(wrong.problem, task.location, wrong.remedy)
    counts = Counter(task.id for task in dag.states)
    for task in reversed(dag.states):
        if counts[task.id] > 1:
            first = next(other for other in dag.states if other.id == task.id)
            where = f", first used at {first.location}" if first.location else ""
            raise WorkflowError(
                f"two tasks have the id {task.id!r}{where}",
                task.location,
                f"give this one an id of its own: {task.agent.name}('another_id', ...)",
            )


@dataclass(frozen=True)
class UnusableId:
    """Why a text cannot be a task's id, and what to do."""

    problem: str
    remedy: str


def check_id(task_id: str) -> UnusableId | None:
    """Say what is wrong with a task's id, which is the name of its state and the key of its result; None if nothing is.

    Step Functions takes any text of 80 characters as the name of a state: spaces, commas and parentheses too, which it
    takes in no name of an execution or a state machine. What does not get through everywhere else is refused: line
    breaks and other characters that are not printable ASCII (CloudWatch, terminals), and the syntax of paths, intrinsic
    functions and substitutions, which engines differ in reading inside of quotes.
    """
    if len(task_id) > MAX_ID_LENGTH:
        return UnusableId(
            f"task id {task_id[:20]!r}... has {len(task_id):,} characters",
            f"Step Functions allows {MAX_ID_LENGTH}; choose a shorter one",
        )
    if found := _UNPRINTABLE.search(task_id):
        return UnusableId(
            f"task id {task_id!r} cannot name a state: it holds {_described(found.group())}",
            "use letters, digits, spaces and other printable ASCII characters",
        )
    if not task_id or task_id != task_id.strip():
        fault = (
            "begins or ends with a space, which nobody would see"
            if task_id.strip()
            else "cannot name a state: it is blank"
        )
        return UnusableId(f"task id {task_id!r} {fault}", "give each task an id that people can read")
    if found := _SYNTAX.search(task_id):
        return UnusableId(
            f"task id {task_id!r} holds {found.group()!r}, which the paths of Step Functions cannot quote",
            "leave out brackets, braces, quotes, '$' and backslashes",
        )
    if task_id.startswith(_RESERVED) or not _FOLDERS.isdisjoint(task_id.split("/")):
        return UnusableId(
            f"task id {task_id!r} could be taken for something else",
            f"let it not begin with {', '.join(_RESERVED)}, and have no part '.' or '..' between slashes",
        )
    return None


def _described(character: str) -> str:
    name = unicodedata.name(character, "a control character")
    return f"U+{ord(character):04X} ({name})"


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


def _check_outputs(dag: Dag) -> None:
    """Refuse an agent whose results would not be what they were once they have travelled as JSON."""
    for task in {task.agent.name: task for task in reversed(dag.states)}.values():
        agent = task.agent
        if problem := next(iter(lossy_fields(agent.output)), None):
            raise WorkflowError(
                f"agent {agent.name!r} returns {agent.output.__name__}, which does not survive as JSON: {problem}",
                task.location,
            )


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
    control = (edge for task in cycle for one in task.alternatives for edge in one.after)
    edges = [edge.location for edge in control if edge.task in members and edge.location]
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
