"""What AWS refuses in a definition, and where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.definition_rules import of_catchers, of_choices, of_retriers
from stepweave.local_cloud.adapters.step_functions.definition_values import FIELDS, template_problems
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
    "Wait": _MOVING | {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"},
    "Pass": _MOVING | {"Result", "ResultPath", "Parameters"},
    "Succeed": _EVERY,
    "Fail": frozenset({"Type", "Comment", "QueryLanguage", "Error", "Cause", "ErrorPath", "CausePath"}),
    "Choice": _EVERY | {"Assign", "Choices", "Default"},
    "Parallel": _CATCHING | {"Branches"},
    "Map": _CATCHING | _ITEMS | {"ItemProcessor", "Iterator"} | _TOLERANCE | {f"{field}Path" for field in _TOLERANCE},
}
# Of these fields one must be there.
_ONE_OF: Final[dict[str, tuple[str, ...]]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Wait": ("Seconds", "Timestamp", "SecondsPath", "TimestampPath"),
    "Parallel": ("Branches",),
    "Map": ("ItemProcessor", "Iterator"),
}
# Of these fields there may be no more than one.
_EXCLUSIVE: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Task": (("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")),
    "Wait": (_ONE_OF["Wait"],),
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Map": (
        _ONE_OF["Map"],
        ("Parameters", "ItemSelector"),
        *((field, f"{field}Path") for field in sorted(_TOLERANCE)),
    ),
}
_TEMPLATES: Final = ("Parameters", "ItemSelector", "ResultSelector", "Assign")
_LEAVES_BY_NEXT: Final = frozenset({"Task", "Pass", "Wait", "Parallel", "Map"})
_ENDS: Final = frozenset({"Succeed", "Fail"})
_LONGEST_NAME: Final = 80
_INVALID: Final = "SCHEMA_VALIDATION_FAILED"
_NO_TARGET: Final = "MISSING_TRANSITION_TARGET"
_ACTIVITY: Final = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:activity:.*")
_PATTERN: Final = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:[^.]*(\.sync|\.waitForTaskToken)(?::2)?")


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
        Where, as a path through the definition, such as ``/States/Lint/Next``; None if it is in no place.
    """

    code: str
    text: str
    place: str | None

    def __str__(self) -> str:
        return f"{self.code}: {self.text} at {self.place or 'null'}"


def problems(definition: Any) -> Iterator[Problem]:
    """Find what is wrong with a definition that is JSON.

    Parameters
    ----------
    definition
        The definition as it was read from JSON.
    """
    if not isinstance(definition, dict):
        yield Problem(_INVALID, "Definition must be a valid JSON object", None)
        return
    yield from _of_fields(definition, _MACHINE, "")
    yield from _of_machine(definition, "", set())


def express_problems(definition: Any) -> Iterator[Problem]:
    """Find what is wrong with a definition for a state machine of the type EXPRESS."""
    for place, state in states_of(definition):
        resource = str(state.get("Resource"))
        pattern = _PATTERN.fullmatch(resource)
        text = None
        if _ACTIVITY.fullmatch(resource):
            text = "Express state machine does not support Activity ARN"
        elif pattern is not None:
            # AWS writes a space more of the one than of the other
            space = " " if pattern[1] == ".waitForTaskToken" else ""
            text = f"Express state machine does not support '{pattern[1]}' service integration{space}"
        if text is not None:
            yield Problem(_INVALID, text, f"{place}/Resource")
        if _is_distributed(state):
            text = "Express state machine does not support 'DISTRIBUTED' mode"
            yield Problem(_INVALID, text, f"{place}/ItemProcessor/ProcessorConfig/Mode")


def _is_distributed(state: dict[str, Any]) -> bool:
    parts = (state.get("ItemProcessor"), state.get("Iterator"))
    configs = (part.get("ProcessorConfig") for part in parts if isinstance(part, dict))
    return any(isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED" for config in configs)


def _of_fields(value: dict[str, Any], fields: frozenset[str], place: str) -> Iterator[Problem]:
    for field, held in value.items():
        if field not in fields:
            yield Problem(_INVALID, f"Field '{field}' is not supported", place or "/")
        elif field in FIELDS and (wrong := FIELDS[field](held)) is not None:
            yield Problem(_INVALID, wrong, f"{place}/{field}")


def _of_machine(machine: dict[str, Any], place: str, names: set[str]) -> Iterator[Problem]:
    if missing := [field for field in ("States", "StartAt") if field not in machine]:
        yield Problem(_INVALID, f"These fields are required: [{', '.join(missing)}]", place or "/")
        return
    states = machine["States"]
    if not isinstance(states, dict) or not states:
        text = "Value cannot be empty" if isinstance(states, dict) else "Expected value of type Object"
        yield Problem(_INVALID, text, f"{place}/States")
        return
    if machine["StartAt"] not in states:
        yield Problem(_NO_TARGET, f"Missing 'StartAt' target: {machine['StartAt']}", f"{place}/StartAt")
    yield from _of_states(states, place, names)
    yield from _of_transitions(machine["StartAt"], states, place)


def _of_states(states: dict[str, Any], place: str, names: set[str]) -> Iterator[Problem]:
    for name, state in states.items():
        here = f"{place}/States/{name}"
        if len(name) > _LONGEST_NAME:
            yield Problem(_INVALID, f"A state's name has at most {_LONGEST_NAME} characters", here)
        if name in names:
            yield Problem("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", here)
        names.add(name)
        if not isinstance(state, dict):
            yield Problem(_INVALID, "Expected value of type Object", here)
            continue
        yield from _of_state(state, here, names)


def _of_transitions(start: Any, states: dict[str, Any], place: str) -> Iterator[Problem]:
    targets = {start}
    known = {name: state for name, state in states.items() if isinstance(state, dict)}
    for name, state in known.items():
        for where, target in _transitions(state):
            targets.add(target)
            if target not in states:
                text = f"Missing '{where.rpartition('/')[2]}' target: {target}"
                yield Problem(_NO_TARGET, text, f"{place}/States/{name}/{where}")
    for name in (name for name in states if name not in targets):
        yield Problem(_NO_TARGET, f'State "{name}" is not reachable.', f"{place}/States/{name}")
    if not any(state.get("Type") in _ENDS or state.get("End") is True for state in known.values()):
        yield Problem("MISSING_END_STATE", "Workflow has no terminal state", None)


def _of_state(state: dict[str, Any], place: str, names: set[str]) -> Iterator[Problem]:
    kind = state.get("Type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        text = f"The field 'Type' should have one of these values: [{', '.join(_FIELDS)}]"
        yield Problem(_INVALID, text, f"{place}/Type")
        return
    yield from _of_fields(state, _FIELDS[kind], place)
    yield from _of_needed_fields(kind, state, place)
    if kind == "Task" and isinstance(state.get("Resource"), str):
        yield from _of_resource(state, place)
    yield from _of_lists(kind, state, place)
    if isinstance(state.get("Credentials"), dict) and not state["Credentials"].keys() & {"RoleArn", "RoleArn.$"}:
        yield Problem(_INVALID, "The field 'RoleArn' is required but was missing", f"{place}/Credentials")
    for where, part in _parts(state):
        here = f"{place}/{where}"
        if isinstance(part, dict):
            yield from _of_fields(part, _PART, here)
            yield from _of_processor(part.get("ProcessorConfig"), here)
            yield from _of_machine(part, here, names)
        else:
            yield Problem(_INVALID, "Expected value of type Object", here)


def _of_lists(kind: str, state: dict[str, Any], place: str) -> Iterator[Problem]:
    for field in ("Choices", "Branches"):
        if field in _FIELDS[kind] and state.get(field) == []:
            yield Problem(_INVALID, "Value cannot be empty", f"{place}/{field}")
    for rules, field in ((of_retriers, "Retry"), (of_catchers, "Catch"), (of_choices, "Choices")):
        if field in _FIELDS[kind] and isinstance(state.get(field), list):
            for text, where in rules(state[field]):
                yield Problem(_INVALID, text, f"{place}/{field}{where}")
    for field in _TEMPLATES:
        if field in state and "Arguments" not in state:
            for text in template_problems(state[field]):
                yield Problem(_INVALID, text, f"{place}/{field}")


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


def _of_needed_fields(kind: str, state: dict[str, Any], place: str) -> Iterator[Problem]:
    needed = _ONE_OF.get(kind, ())
    if needed and not state.keys() & set(needed):
        text = "These fields are required" if len(needed) == 1 else "One of these fields is required"
        yield Problem(_INVALID, f"{text}: [{', '.join(needed)}]", place)
    for fields in _EXCLUSIVE.get(kind, ()):
        if len(given := [field for field in fields if field in state]) > 1:
            yield Problem(_INVALID, f"These fields are mutually exclusive: [{', '.join(given)}]", place)
    if kind in _LEAVES_BY_NEXT and ("Next" in state) == (state.get("End") is True):
        yield Problem(_INVALID, "One of the fields 'Next' and 'End' is required, and only one", place)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield Problem(_INVALID, "HeartbeatSeconds must be smaller than TimeoutSeconds", f"{place}/HeartbeatSeconds")


def _of_processor(config: Any, place: str) -> Iterator[Problem]:
    here = f"{place}/ProcessorConfig"
    if config is None:
        return
    if not isinstance(config, dict):
        yield Problem(_INVALID, "Expected value of type Object", here)
        return
    for field in config.keys() - {"Mode", "ExecutionType"}:
        yield Problem(_INVALID, f"Field '{field}' is not supported", here)
    for field, values in (("Mode", ("INLINE", "DISTRIBUTED")), ("ExecutionType", ("STANDARD", "EXPRESS"))):
        if field in config and config[field] not in values:
            text = f"The field '{field}' should have one of these values: [{', '.join(values)}]"
            yield Problem(_INVALID, text, f"{here}/{field}")
    if config.get("Mode") == "DISTRIBUTED" and "ExecutionType" not in config:
        yield Problem(_INVALID, "These fields are required: [ExecutionType]", here)


def _parts(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the branches and item processors in a state."""
    branches = state.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else []):
        yield f"Branches[{index}]", branch
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield field, state[field]


def _transitions(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if isinstance(state.get(field), str):
            yield field, state[field]
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and isinstance(rule.get("Next"), str):
                yield f"{field}[{index}]/Next", rule["Next"]


def states_of(machine: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give all states with their places, the outer ones before those in them."""
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield f"{place}/States/{name}", state
            for where, part in _parts(state):
                yield from states_of(part, f"{place}/States/{name}/{where}")
