"""How long tasks take, as far as that is known."""

from collections.abc import Mapping

from stepweave.compiler.options import CompileOptions
from stepweave.graph.dag import Dag


def known_durations(dag: Dag, options: CompileOptions) -> Mapping[str, float]:
    """Return the seconds of those tasks of which they are known, by id.

    What was learned from executions counts for more than what an author expects of a task, and that for more than what
    the agent's contract says.
    """
    expected = {task.id: task.expected.total_seconds() for task in dag.tasks if task.expected is not None}
    learned = {task: seconds for task, seconds in (options.durations or {}).items() if task in dag.by_id}
    return expected | learned
