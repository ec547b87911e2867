"""Reads a DAG file, whichever form it has."""

from collections.abc import Mapping
from pathlib import Path

from stepweave.dag_files.checks import check_tasks
from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.json_file import read_json, shown
from stepweave.dag_files.node import Node
from stepweave.dag_files.short_ids import shorten_ids as shortened_ids
from stepweave.dag_files.simple_form import read_simple_form
from stepweave.dag_files.wfformat import read_wfformat
from stepweave.dag_files.workflow_name import workflow_name


def read_dag_file(path: Path, *, shorten_ids: bool = False) -> DagFile:
    """Read a DAG file and check all that is in it.

    Parameters
    ----------
    path : Path
        A file of at most 64 MiB, in the simple form or in WfCommons WfFormat 1.4 to 1.6.
    shorten_ids : bool
        Whether ids of more than 80 characters are shortened. Otherwise they are refused, unless the file names the
        ``source`` that it was recorded from.

    Raises
    ------
    DagFileError
        If the file cannot be read, or what it holds is no graph of tasks: where, what is wrong and what to do.

    Example
    -------
    >>> read_dag_file(Path("montage.json")).durations  # doctest: +SKIP
    {'mProject_ID0000001': 11.4, ...}
    """
    content = read_json(path)
    root = Node(shown(path), "", content.value)
    tasks = read_wfformat(root) if _is_wfformat(root) else read_simple_form(root)
    changed: Mapping[str, str] = {}
    # Who recorded a graph elsewhere chose its ids; who wrote one can choose better.
    if shorten_ids or root.field("source"):
        tasks, changed = shortened_ids(tasks)
    check_tasks(root, tasks)
    file = DagFile(path, content.sha256, workflow_name(path.stem), tuple(tasks), changed)
    file.check_agents()
    return file


def _is_wfformat(root: Node) -> bool:
    for field in ("workflow", "schemaVersion"):
        if root.field(field):
            return True
    if not root.field("tasks"):
        raise root.error(
            "holds neither 'tasks' (the simple form) nor 'workflow' (WfCommons WfFormat)",
            'write {"tasks": [{"id": "a", "seconds": 1.0, "depends_on": []}]}',
        )
    return False
