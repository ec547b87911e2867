"""Shortens ids that are too long for the name of a state, if the user asks for it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stepweave.dag_files.file_task import FileTask, Reference
from stepweave.graph.validate import MAX_ID_LENGTH

_MARK = "~"
_DIGEST = 8


def shorten_ids(tasks: Sequence[FileTask]) -> tuple[list[FileTask], Mapping[str, str]]:
    """Shorten every id that is too long to its end, which tells recorded tasks apart, behind a digest of the whole.

    Returns
    -------
    tuple of tasks and Mapping[str, str]
        The tasks, and the new id for each one that was changed.
    """
    changed = {task.id: _shortened(task.id) for task in tasks if len(task.id) > MAX_ID_LENGTH}

    def renamed(task: FileTask) -> FileTask:
        needs = tuple(Reference(changed.get(one.task, one.task), one.node) for one in task.depends_on)
        return replace(task, id=changed.get(task.id, task.id), depends_on=needs)

    return [renamed(task) for task in tasks], changed


def _shortened(task_id: str) -> str:
    digest = hashlib.sha256(task_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{digest}{_MARK}{task_id[-(MAX_ID_LENGTH - _DIGEST - len(_MARK)) :]}"
