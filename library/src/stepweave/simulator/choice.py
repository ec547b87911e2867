"""Evaluates the rules of a ``Choice`` state."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from pydantic import JsonValue

from stepweave.compiler.asl import State
from stepweave.simulator.errors import TaskError
from stepweave.simulator.paths import ExpressionError, read

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_TYPES: dict[str, tuple[type, ...]] = {"String": (str,), "Numeric": (int, float), "Boolean": (bool,)}


def chosen(state: State, document: JsonValue, context: JsonValue) -> str:
    """Return the name of the state that a ``Choice`` leads to.

    Raises
    ------
    TaskError
        ``States.NoChoiceMatched``, if no rule holds and there is no default.
    """
    for rule in state["Choices"]:
        assert isinstance(rule, dict)  # noqa: S101 - the language has no other rules
        if _holds(rule, document, context):
            return str(rule["Next"])
    if "Default" not in state:
        raise TaskError("States.NoChoiceMatched")
    return state["Default"]


def _holds(rule: Any, document: JsonValue, context: JsonValue) -> bool:
    if "And" in rule:
        return all(_holds(each, document, context) for each in rule["And"])
    if "Or" in rule:
        return any(_holds(each, document, context) for each in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], document, context)
    try:
        value = read(rule["Variable"], document, context)
    except ExpressionError:
        if "IsPresent" in rule:
            return not rule["IsPresent"]
        raise
    test, expected = next((key, rule[key]) for key in rule if key not in {"Variable", "Next", "Comment"})
    if test.startswith("Is"):
        return _is(test.removeprefix("Is"), value) is bool(expected)
    if test.endswith("Path"):
        test, expected = test.removesuffix("Path"), read(expected, document, context)
    for kind, types in _TYPES.items():
        if test.startswith(kind) and (compare := _COMPARISONS.get(test.removeprefix(kind))):
            return _has_type(value, types) and _has_type(expected, types) and compare(value, expected)
    raise ValueError(f"the comparison {test} is not simulated")


def _is(what: str, value: JsonValue) -> bool:
    match what:
        case "Present":
            return True
        case "Null":
            return value is None
        case kind if kind in _TYPES:
            return _has_type(value, _TYPES[kind])
    raise ValueError(f"the test Is{what} is not simulated")


def _has_type(value: JsonValue, types: tuple[type, ...]) -> bool:
    # To Python a truth value is a number too.
    return isinstance(value, types) and isinstance(value, bool) is (bool in types)
