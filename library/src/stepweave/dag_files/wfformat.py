"""Reads WfCommons WfFormat, the form in which executions of scientific workflows are recorded.

Up to 1.4 a task stands in ``workflow.tasks`` with all that is known of it, and others refer to it by name. From 1.5
on ``workflow.specification.tasks`` holds the graph and ``workflow.execution.tasks`` what was measured, and all refer
to a task by id. Schemas: https://github.com/wfcommons/WfFormat.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from stepweave.dag_files.errors import abbreviated
from stepweave.dag_files.file_task import FileTask, Reference
from stepweave.dag_files.node import Node

VERSIONS = ("1.4", "1.5", "1.6")
"""1.6 adds nothing to 1.5 but figures about the whole, which are not read."""


@dataclass(frozen=True)
class _Entry:
    """A task as one entry of a list describes it."""

    task: FileTask
    children: tuple[Reference, ...]


def read_wfformat(root: Node) -> list[FileTask]:
    """Return the tasks of a file in WfFormat.

    An edge may stand at either of its ends, or at both.

    Raises
    ------
    DagFileError
        If the version is unknown, or a field is missing or of the wrong type.
    """
    version = root.required("schemaVersion")
    if version.text() not in VERSIONS:
        raise version.error(
            f"WfFormat {abbreviated(version.text())} is not known here",
            f"known are {', '.join(VERSIONS)}; WfCommons' wfcommons-migrate-instance.py converts older files",
        )
    workflow = root.required("workflow")
    if version.text() == "1.4":
        return _with_edges(_entries_by_name(workflow.required("tasks").items()))
    entries = [
        _entry(node, node.required("id")) for node in workflow.required("specification").required("tasks").items()
    ]
    execution = workflow.field("execution")
    measured = {} if execution is None else _runtimes(execution, {entry.task.id for entry in entries})
    return [replace(task, seconds=measured.get(task.id)) for task in _with_edges(entries)]


def _entries_by_name(nodes: list[Node]) -> list[_Entry]:
    """Read tasks that refer to one another by name or by id: names are their ids here, if they are unique."""
    names = Counter(node.required("name").text() for node in nodes)
    key = "name" if max(names.values(), default=1) == 1 else "id"
    by_id = {node.required("id").text(): node.required(key).text() for node in nodes if node.field("id")}
    entries = [_entry(node, node.required(key)) for node in nodes]
    known = {entry.task.id for entry in entries}

    def resolved(references: Iterable[Reference]) -> tuple[Reference, ...]:
        return tuple(
            one if one.task in known else Reference(by_id.get(one.task, one.task), one.node) for one in references
        )

    return [
        _Entry(
            replace(entry.task, depends_on=resolved(entry.task.depends_on), seconds=_runtime(node)),
            resolved(entry.children),
        )
        for entry, node in zip(entries, nodes, strict=True)
    ]


def _entry(node: Node, task_id: Node) -> _Entry:
    task = FileTask(id=task_id.text(), node=task_id, depends_on=_references(node.field("parents")))
    return _Entry(task, _references(node.field("children")))


def _references(node: Node | None) -> tuple[Reference, ...]:
    return tuple(Reference(item.text(), item) for item in (node.items() if node else []))


def _runtime(node: Node) -> float | None:
    runtime = node.field("runtimeInSeconds")
    return None if runtime is None else runtime.seconds()


def _runtimes(execution: Node, known: set[str]) -> Mapping[str, float]:
    runtimes: dict[str, float] = {}
    for node in execution.required("tasks").items():
        task_id = node.required("id")
        if task_id.text() not in known:
            raise task_id.error(f"{abbreviated(task_id.text())} is no task of workflow.specification", "add it there")
        if task_id.text() in runtimes:
            raise task_id.error(f"{abbreviated(task_id.text())} is measured twice", "remove one of the two")
        runtimes[task_id.text()] = node.required("runtimeInSeconds").seconds()
    return runtimes


def _with_edges(entries: list[_Entry]) -> list[FileTask]:
    """Give each task the dependencies that other tasks' ``children`` name, each dependency once."""
    parents: dict[str, dict[str, Reference]] = {
        entry.task.id: {reference.task: reference for reference in entry.task.depends_on} for entry in entries
    }
    for entry in entries:
        for child in entry.children:
            if child.task not in parents:
                raise child.node.error(f"{abbreviated(child.task)} is no task of this file", "add it, or remove this")
            parents[child.task].setdefault(entry.task.id, Reference(entry.task.id, child.node))
    return [replace(entry.task, depends_on=tuple(parents[entry.task.id].values())) for entry in entries]
