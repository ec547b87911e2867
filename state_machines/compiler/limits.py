"""Checks a definition against the quotas of Step Functions, so that they are never discovered in an execution."""

import json
from collections.abc import Iterator

from state_machines.compiler.asl import Branch, Definition
from state_machines.graph.dag import Dag
from state_machines.graph.errors import WorkflowError

MAX_DEFINITION_BYTES = 1024 * 1024
MAX_HISTORY_EVENTS = 25_000

_EVENTS_OF_EXECUTION = 2
_EVENTS_OF_PARALLEL = 4
_EVENTS_OF_PASS = 2
_EVENTS_OF_TASK = 2
_EVENTS_OF_ATTEMPT = 3


def check_limits(dag: Dag, definition: Definition) -> None:
    """Refuse a definition that Step Functions would refuse or could not run to its end.

    Raises
    ------
    WorkflowError
        Naming the limit and by how much it is exceeded.
    """
    size = len(json.dumps(definition).encode())
    if size > MAX_DEFINITION_BYTES:
        raise WorkflowError(
            f"the definition of {dag.name!r} has {size} bytes, more than the {MAX_DEFINITION_BYTES} allowed",
            remedy="split the workflow",
        )
    events = history_events(dag, definition)
    if events > MAX_HISTORY_EVENTS:
        raise WorkflowError(
            f"an execution of {dag.name!r} could write {events} history events with every retry taken, more than "
            f"the {MAX_HISTORY_EVENTS} allowed",
            remedy="lower the retry attempts, or split the workflow",
        )


def history_events(dag: Dag, definition: Definition) -> int:
    """Return how many events an execution writes at the most, every retry of every task included."""
    events = _EVENTS_OF_EXECUTION
    for name, kind in _states(definition):
        if kind == "Task":
            events += _EVENTS_OF_TASK + _EVENTS_OF_ATTEMPT * (1 + dag.by_id[name].retry.attempts)
        else:
            events += _EVENTS_OF_PARALLEL if kind == "Parallel" else _EVENTS_OF_PASS
    return events


def _states(branch: Branch) -> Iterator[tuple[str, str]]:
    for name, state in branch["States"].items():
        yield name, state["Type"]
        for inner in state.get("Branches", ()):
            yield from _states(inner)
