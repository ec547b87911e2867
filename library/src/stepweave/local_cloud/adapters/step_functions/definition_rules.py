"""What AWS refuses in the rules of a ``Choice`` and in what retries and catches, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.definition_values import (
    CATCHER,
    COMPARISONS,
    RETRIER,
    Check,
    is_path,
)

Found = tuple[str, str]
"""What is wrong, and where in the list."""

_COMBINATIONS: Final = frozenset({"And", "Or", "Not"})
_OF_ANY_RULE: Final = frozenset({"Comment"})
_OF_TOP_RULE: Final = frozenset({"Next", "Assign", "Output"})


def of_retriers(retriers: list[Any]) -> Iterator[Found]:
    """Find what is wrong with ``Retry``."""
    yield from _of_handlers(retriers, RETRIER, ())
    for index, retrier in enumerate(retriers):
        interval, longest = (
            retrier.get(name) if isinstance(retrier, dict) else None for name in ("IntervalSeconds", "MaxDelaySeconds")
        )
        if isinstance(interval, int) and isinstance(longest, int) and longest <= interval:
            yield "MaxDelaySeconds must be greater than IntervalSeconds", f"[{index}]/MaxDelaySeconds"


def of_catchers(catchers: list[Any]) -> Iterator[Found]:
    """Find what is wrong with ``Catch``."""
    yield from _of_handlers(catchers, CATCHER, ("Next",))


def _of_handlers(handlers: list[Any], fields: dict[str, Check], needed: tuple[str, ...]) -> Iterator[Found]:
    for index, handler in enumerate(handlers):
        here = f"[{index}]"
        if not isinstance(handler, dict):
            yield "Expected value of type Object", here
            continue
        if missing := [field for field in ("ErrorEquals", *needed) if field not in handler]:
            yield f"These fields are required: [{', '.join(missing)}]", here
        for field, value in handler.items():
            if field == "ErrorEquals":
                yield from _of_errors(value, f"{here}/{field}", is_last=index == len(handlers) - 1)
            elif field not in fields:
                yield f"Field '{field}' is not supported", here
            elif (wrong := fields[field](value)) is not None:
                yield wrong, f"{here}/{field}"


def _of_errors(errors: Any, here: str, *, is_last: bool) -> Iterator[Found]:
    if not isinstance(errors, list) or not all(isinstance(error, str) for error in errors):
        yield "Expected value of type Array of String", here
    elif not errors:
        yield "Value cannot be empty", here
    elif "States.ALL" in errors and (len(errors) > 1 or not is_last):
        yield "'States.ALL' must stand alone, and last", here


def of_choices(rules: list[Any]) -> Iterator[Found]:
    """Find what is wrong with ``Choices``."""
    for index, rule in enumerate(rules):
        yield from _of_rule(rule, f"[{index}]", is_top=True)


def _of_rule(rule: Any, here: str, *, is_top: bool) -> Iterator[Found]:
    if not isinstance(rule, dict):
        yield "Expected value of type Object", here
        return
    if is_top and "Next" not in rule:
        yield "These fields are required: [Next]", here
    if is_top and not isinstance(rule.get("Next", ""), str):
        yield "Expected value of type String", f"{here}/Next"
    own = rule.keys() - _OF_ANY_RULE - (_OF_TOP_RULE if is_top else frozenset())
    if "Condition" in own:
        yield from ((f"Field '{field}' is not supported", here) for field in sorted(own - {"Condition"}))
        return
    tests = own & (COMPARISONS.keys() | _COMBINATIONS)
    for field in sorted(own - tests - {"Variable"}):
        yield f"Field '{field}' is not supported", here
    if len(tests) != 1:
        yield "Exactly one comparison is required", here
        return
    (test,) = tests
    if test in _COMBINATIONS:
        yield from _of_combination(test, rule[test], f"{here}/{test}")
    else:
        yield from _of_comparison(rule, test, here)


def _of_comparison(rule: dict[str, Any], test: str, here: str) -> Iterator[Found]:
    if "Variable" not in rule:
        yield "These fields are required: [Variable]", here
    elif not is_path(rule["Variable"]):
        yield "Value is not a valid JSONPath", f"{here}/Variable"
    if (wrong := COMPARISONS[test](rule[test])) is not None:
        yield wrong, f"{here}/{test}"


def _of_combination(name: str, inner: Any, here: str) -> Iterator[Found]:
    if name == "Not":
        yield from _of_rule(inner, here, is_top=False)
    elif not isinstance(inner, list):
        yield "Expected value of type Array", here
    elif not inner:
        yield "Value cannot be empty", here
    else:
        for index, rule in enumerate(inner):
            yield from _of_rule(rule, f"{here}[{index}]", is_top=False)
