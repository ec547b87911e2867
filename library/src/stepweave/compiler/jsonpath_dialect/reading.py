"""Says what a state is for, whoever wrote it down as JSON: the one place that looks at how states are spelled.

It reads what the compiler has just written, and what is deployed, in which substitutions have been made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, assert_never, get_args

from stepweave.compiler.asl import StateType
from stepweave.compiler.jsonpath_dialect.admission import is_admission
from stepweave.compiler.jsonpath_dialect.breakers import is_waiting
from stepweave.compiler.jsonpath_dialect.retriers import AGENT_PREFIX

StateJson = Mapping[str, Any]
"""A state, or a definition, in Amazon States Language."""


class Purpose(Enum):
    """What a state is for."""

    AGENT = "calls a function"
    ADMISSION = "checks the execution's input, before any task"
    GATE = "waits for a token: at a gate"
    NESTED = "runs an execution of another state machine and waits for it"
    SERVICE = "calls a service of AWS, to keep the state machine going"
    PARALLEL = "runs branches side by side"
    MAP = "runs the same states for each item"
    BREAKER = "finds a circuit breaker open, and leads to a wait and back"
    STEP = "does no work: passes on, chooses, waits or ends"


def purpose_of(state: StateJson) -> Purpose:
    """Return what a state is for.

    Raises
    ------
    ValueError
        If its type is none that Step Functions has.
    """
    kind = state["Type"]
    if kind not in get_args(StateType):
        raise ValueError(f"a state has the type {kind!r}, which is none of {', '.join(get_args(StateType))}")
    return _purpose(kind, state)


def branches_of(state: StateJson) -> tuple[StateJson, ...]:
    """Return the states inside a state, each branch with its ``StartAt`` and ``States``."""
    if state["Type"] == "Map":
        return (state.get("ItemProcessor") or state["Iterator"],)
    return tuple(state.get("Branches", ()))


def states_in(branch: StateJson) -> Iterator[tuple[str, StateJson]]:
    """Yield every state of a definition with its name, those of branches after the state that holds them."""
    for name, state in branch["States"].items():
        yield name, state
        for inner in branches_of(state):
            yield from states_in(inner)


def nested_state_machine(state: StateJson) -> str:
    """Return the ARN of the state machine that a state runs; empty if it runs none, or which is told by its input."""
    if purpose_of(state) is not Purpose.NESTED:
        return ""
    return str((state.get("Parameters") or state.get("Arguments") or {}).get("StateMachineArn", ""))


def stands_for(state: StateJson) -> str:
    """Return the task in whose place a fallback runs; empty if it is none."""
    given = state.get("Parameters")
    return str(given.get("stands_for") or "") if isinstance(given, Mapping) else ""


def _purpose(kind: StateType, state: StateJson) -> Purpose:
    match kind:
        case "Task":
            return Purpose.ADMISSION if is_admission(state) else _purpose_of_task(str(state.get("Resource", "")))
        case "Parallel":
            return Purpose.PARALLEL
        case "Map":
            return Purpose.MAP
        case "Pass":
            return Purpose.BREAKER if is_waiting(state) else Purpose.STEP
        case "Choice" | "Wait" | "Succeed" | "Fail":
            return Purpose.STEP
    assert_never(kind)


def _purpose_of_task(resource: str) -> Purpose:
    if resource.endswith(":updateItem.waitForTaskToken"):
        return Purpose.GATE
    if ":states:startExecution.sync" in resource:
        return Purpose.NESTED
    # ${agent_linter} in a compiled definition, the function's ARN in a deployed one.
    if ":function:" in resource or resource.startswith(AGENT_PREFIX) or ":states:::lambda:invoke" in resource:
        return Purpose.AGENT
    return Purpose.SERVICE
