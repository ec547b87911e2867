"""A small interpreter of the Amazon States Language, as far as the compiler uses it, with a clock of its own.

It knows nothing of the compiler: it reads the definition as Step Functions would.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


class TaskError(Exception):
    """What a task raises in order to fail for good."""


@dataclass
class Interpreter:
    """Runs a definition.

    Parameters
    ----------
    run_task : Callable
        Takes a task's event, returns its result or raises `TaskError`.
    seconds : Mapping[str, float]
        How long each task takes; 0 if not given.
    """

    run_task: Callable[[Json], Json]
    seconds: Mapping[str, float] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    transitions: int = 0
    documents: list[Json] = field(default_factory=list)
    """Everything that passed from a state to the next, gathered branch outputs included."""

    def run(self, definition: Json, execution_input: Json) -> tuple[Json, float]:
        """Return the output and the time at which the execution ends."""
        context = {"Execution": {"Id": "arn:execution", "Input": execution_input}}
        return self._sequence(definition, execution_input, context, 0.0)

    def _sequence(self, branch: Json, document: Json, context: Json, now: float) -> tuple[Json, float]:
        name = branch["StartAt"]
        while True:
            state = branch["States"][name]
            self.transitions += 1
            try:
                document, now = self._state(name, state, document, context, now)
            except TaskError as failure:
                catch = state["Catch"][0] if "Catch" in state else None
                if catch is None:
                    raise
                now = self.ended[name]
                error = {"Error": str(failure), "Cause": "told to"}
                document = _put(document, catch.get("ResultPath", "$"), error)
                name = catch["Next"]
                continue
            self.documents.append(document)
            if state.get("End"):
                return document, now
            name = state["Next"]

    def _state(self, name: str, state: Json, document: Json, context: Json, now: float) -> tuple[Json, float]:
        given = _template(state["Parameters"], document, context) if "Parameters" in state else document
        if state["Type"] == "Pass":
            result = given
        elif state["Type"] == "Task":
            result, now = self._task(name, given, now)
        else:
            ends = [self._sequence(branch, given, context, now) for branch in state["Branches"]]
            result, now = [output for output, _ in ends], max(end for _, end in ends)
            self.documents.append(result)
        if "ResultSelector" in state:
            result = _template(state["ResultSelector"], result, context)
        document = _put(document, state.get("ResultPath", "$"), result)
        path = state.get("OutputPath", "$")
        return ({} if path is None else _get(document, path)), now

    def _task(self, name: str, event: Json, now: float) -> tuple[Json, float]:
        assert name not in self.started, f"{name} ran twice"
        self.started[name], self.events[name] = now, event
        self.ended[name] = now + self.seconds.get(name, 0.0)
        return self.run_task(event), self.ended[name]


def _template(template: Json, document: Json, context: Json) -> Json:
    if isinstance(template, dict):
        return {
            key.removesuffix(".$"): (
                _expression(value, document, context) if key.endswith(".$") else _template(value, document, context)
            )
            for key, value in template.items()
        }
    return template


def _expression(text: str, document: Json, context: Json) -> Json:
    if text.startswith("States.Array("):
        inside = text.removeprefix("States.Array(").removesuffix(")")
        return [_expression(item, document, context) for item in inside.split(", ")] if inside else []
    return _get(context, text[1:]) if text.startswith("$$") else _get(document, text)


def _keys(path: str) -> list[str | int]:
    assert path.startswith("$")
    return [
        plain or quoted or int(number) for plain, quoted, number in re.findall(r"\.(\w+)|\['([^']+)'\]|\[(\d+)\]", path)
    ]


def _get(document: Json, path: str) -> Json:
    for key in _keys(path):
        document = document[key]
    return document


def _put(document: Json, path: str | None, value: Json) -> Json:
    if path is None:
        return document
    keys = _keys(path)
    if not keys:
        return value
    (key,) = keys
    return {**document, key: value}
