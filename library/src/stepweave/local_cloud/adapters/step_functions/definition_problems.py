"""What AWS refuses in a definition, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.task_resources import is_known, unknown_fields

_MACHINE: Final = frozenset({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"})
_PART: Final = frozenset({"Comment", "StartAt", "States", "QueryLanguage", "ProcessorConfig"})
_EVERY: Final = frozenset({"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath", "Output"})
_MOVING: Final = _EVERY | {"Assign", "Next", "End"}
_CATCHING: Final = _MOVING | {"ResultSelector", "ResultPath", "Parameters", "Arguments", "Retry", "Catch"}
_LIMITED: Final = {"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"}
_ITEMS: Final = {"ItemsPath", "Items", "ItemSelector", "ItemReader", "ItemBatcher", "ResultWriter", "Label"}
_TOLERANCE: Final = {"ToleratedFailureCount", "ToleratedFailurePercentage", "MaxConcurrency"}
_FIELDS: Final[dict[str, frozenset[str]]] = {
    "Task": _CATCHING | _LIMITED | {"Resource", "Credentials"},
    "Pass": _MOVING | {"Result", "ResultPath", "Parameters"},
    "Choice": _EVERY | {"Assign", "Choices", "Default"},
    "Wait": _MOVING | {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"},
    "Succeed": _EVERY,
    "Fail": frozenset({"Type", "Comment", "QueryLanguage", "Error", "Cause", "ErrorPath", "CausePath"}),
    "Parallel": _CATCHING | {"Branches"},
    "Map": _CATCHING | _ITEMS | {"ItemProcessor", "Iterator"} | _TOLERANCE | {f"{field}Path" for field in _TOLERANCE},
}
# One of these fields, and no more than one, must be there.
_ONE_OF: Final[dict[str, tuple[str, ...]]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Wait": ("Seconds", "Timestamp", "SecondsPath", "TimestampPath"),
    "Parallel": ("Branches",),
    "Map": ("ItemProcessor", "Iterator"),
}
_LEAVES_BY_NEXT: Final = frozenset({"Task", "Pass", "Wait", "Parallel", "Map"})
_LONGEST_NAME: Final = 80
_INVALID: Final = "SCHEMA_VALIDATION_FAILED"
_NO_TARGET: Final = "MISSING_TRANSITION_TARGET"


@dataclass(frozen=True)
class Problem:
    """Something that AWS refuses.

    Parameters
    ----------
    code
        AWS's name for problems of this kind.
    text
        What is wrong.
    place
        Where, as a path through the definition, such as ``/States/Lint/Next``.
    """

    code: str
    text: str
    place: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text} at {self.place}"


def problems(definition: Any) -> Iterator[Problem]:
    """Find what is wrong with a definition that is JSON.

    Parameters
    ----------
    definition
        The definition as it was read from JSON.
    """
    if not isinstance(definition, dict):
        yield Problem(_INVALID, "The definition is not an object", "/")
        return
    yield from _unknown(definition, _MACHINE, "")
    yield from _of_machine(definition, "", set())


def _unknown(value: dict[str, Any], fields: frozenset[str], place: str) -> Iterator[Problem]:
    for field in value.keys() - fields:
        yield Problem(_INVALID, f"Field '{field}' is not supported", f"{place}/{field}")


def _of_machine(machine: dict[str, Any], place: str, names: set[str]) -> Iterator[Problem]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield Problem(_INVALID, "Field 'States' must be an object that has states", f"{place}/States")
        return
    if machine.get("StartAt") not in states:
        yield Problem(_NO_TARGET, f"Missing 'StartAt' target: {machine.get('StartAt')}", f"{place}/StartAt")
    targets = {machine.get("StartAt")}
    for name, state in states.items():
        here = f"{place}/States/{name}"
        if len(name) > _LONGEST_NAME:
            yield Problem(_INVALID, f"A state's name has at most {_LONGEST_NAME} characters", here)
        if name in names:
            yield Problem("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", here)
        names.add(name)
        if not isinstance(state, dict):
            yield Problem(_INVALID, "A state must be an object", here)
            continue
        yield from _of_state(state, here, names)
        for where, target in _transitions(state):
            targets.add(target)
            if target not in states:
                yield Problem(_NO_TARGET, f"Missing '{where.rpartition('/')[2]}' target: {target}", f"{here}/{where}")
    for name in states.keys() - targets:
        yield Problem(_NO_TARGET, f'State "{name}" is not reachable.', f"{place}/States/{name}")


def _of_state(state: dict[str, Any], place: str, names: set[str]) -> Iterator[Problem]:
    kind = state.get("Type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        yield Problem(_INVALID, f"Value is not one of {sorted(_FIELDS)}: {kind}", f"{place}/Type")
        return
    yield from _unknown(state, _FIELDS[kind], place)
    needed = _ONE_OF.get(kind, ())
    if needed and sum(field in state for field in needed) != 1:
        yield Problem(_INVALID, f"One of the fields {list(needed)} is required, and only one", place)
    if kind in _LEAVES_BY_NEXT and ("Next" in state) == (state.get("End") is True):
        yield Problem(_INVALID, "One of the fields 'Next' and 'End' is required, and only one", place)
    if kind == "Task" and isinstance(state.get("Resource"), str):
        yield from _of_resource(state, place)
    for field in ("Choices", "Branches"):
        if field in _FIELDS[kind] and state.get(field) == []:
            yield Problem(_INVALID, f"Field '{field}' must not be empty", f"{place}/{field}")
    for field in ("Retry", "Catch"):
        yield from _of_handlers(state.get(field), f"{place}/{field}")
    for where, part in _parts(state):
        if not isinstance(part, dict):
            yield Problem(_INVALID, "Value must be an object", f"{place}/{where}")
            continue
        yield from _unknown(part, _PART, f"{place}/{where}")
        yield from _of_machine(part, f"{place}/{where}", names)


def _of_resource(state: dict[str, Any], place: str) -> Iterator[Problem]:
    resource = state["Resource"]
    if not is_known(resource):
        text = (
            f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, "
            "or the resource is not available in this region."
        )
        yield Problem(_INVALID, text, f"{place}/Resource")
        return
    for where in ("Parameters", "Arguments"):
        for field in unknown_fields(resource, state.get(where)):
            yield Problem(_INVALID, f'The field "{field}" is not supported by Step Functions', f"{place}/{where}")


def _of_handlers(handlers: Any, place: str) -> Iterator[Problem]:
    for index, handler in enumerate(handlers if isinstance(handlers, list) else []):
        errors = handler.get("ErrorEquals") if isinstance(handler, dict) else None
        here = f"{place}[{index}]/ErrorEquals"
        if not isinstance(errors, list) or not errors:
            yield Problem(_INVALID, "Field 'ErrorEquals' must be a list that names errors", here)
        elif "States.ALL" in errors and (len(errors) > 1 or index < len(handlers) - 1):
            yield Problem(_INVALID, "'States.ALL' must stand alone, and last", here)


def _parts(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    branches = state.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else []):
        yield f"Branches[{index}]", branch
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield field, state[field]


def _transitions(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and "Next" in rule:
                yield f"{field}[{index}]/Next", rule["Next"]


def states_of(machine: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give all states with their places, the outer ones before those in them."""
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield f"{place}/States/{name}", state
            for where, part in _parts(state):
                yield from states_of(part, f"{place}/States/{name}/{where}")
