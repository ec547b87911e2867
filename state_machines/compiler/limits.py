"""Checks a definition against the quotas of Step Functions, so that they are never discovered in an execution."""

import json

from state_machines.compiler.asl import Branch, Definition, State
from state_machines.graph.dag import Dag
from state_machines.graph.errors import WorkflowError

MAX_DEFINITION_BYTES = 1024 * 1024
MAX_HISTORY_EVENTS = 25_000

_EVENTS_OF_EXECUTION = 2
_EVENTS_OF_ENTRY = 2
_EVENTS_OF_PARALLEL = 2
_EVENTS_OF_ATTEMPT = 3
_EVENTS_OF_TOKEN = 1


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
    events = history_events(definition)
    if events > MAX_HISTORY_EVENTS:
        raise WorkflowError(
            f"an execution of {dag.name!r} could write {events} history events with every retry taken, more than "
            f"the {MAX_HISTORY_EVENTS} allowed",
            remedy="lower the retry attempts, or split the workflow",
        )


def history_events(definition: Definition) -> int:
    """Return how many events an execution writes at the most: every retry is taken, every optional task fails."""
    return _EVENTS_OF_EXECUTION + sum(_events(state) for state in states_of(definition).values())


def _events(state: State) -> int:
    if state["Type"] == "Parallel":
        return _EVENTS_OF_ENTRY + _EVENTS_OF_PARALLEL
    if state["Type"] != "Task":
        return _EVENTS_OF_ENTRY
    attempts = 1 + sum(retrier["MaxAttempts"] for retrier in state.get("Retry", ()))
    token = _EVENTS_OF_TOKEN if state.get("Resource", "").endswith(".waitForTaskToken") else 0
    return _EVENTS_OF_ENTRY + attempts * (_EVENTS_OF_ATTEMPT + token)


def states_of(branch: Branch) -> dict[str, State]:
    """Return every state of a definition by name, those of branches included."""
    states = dict(branch["States"])
    for state in branch["States"].values():
        for inner in state.get("Branches", ()):
            states |= states_of(inner)
    return states
