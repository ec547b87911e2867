"""Reads the simple form: a list of tasks with their seconds and dependencies."""

from stepweave.dag_files.file_task import FileTask, Reference
from stepweave.dag_files.node import Node

_FIELDS = ("id", "seconds", "depends_on", "agent", "input")
_UNKNOWN = "unknown"


def read_simple_form(root: Node) -> list[FileTask]:
    """Return the tasks of a file in the simple form.

    ``{"durations": "real", "tasks": [{"id": "b", "seconds": 1.5, "depends_on": ["a"], "agent": "linter", "input": {}},
    ...]}``. Of a task only the id is required. Where ``durations`` is ``unknown`` the seconds mean nothing. Other
    fields of the file itself (its name, source, licence) are for people.

    Raises
    ------
    DagFileError
        If a field is missing, unknown, or of the wrong type.
    """
    durations = root.field("durations")
    known = durations is None or durations.text() != _UNKNOWN
    return [_task(node, known=known) for node in root.required("tasks").items()]


def _task(node: Node, *, known: bool) -> FileTask:
    task_id = node.required("id")
    node.check_fields(_FIELDS)
    needs = node.field("depends_on")
    seconds = node.field("seconds")
    recorded = None if seconds is None else seconds.seconds()
    return FileTask(
        id=task_id.text(),
        node=task_id,
        depends_on=tuple(Reference(item.text(), item) for item in (needs.items() if needs else [])),
        seconds=recorded if known else None,
        agent=node.field("agent"),
        input=node.field("input"),
    )
