"""What the fields of a definition may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.escaped_strings import parsed_call
from stepweave.local_cloud.adapters.step_functions.json_paths import parsed
from stepweave.local_cloud.adapters.step_functions.timestamps import instant

_VARIABLE: Final = re.compile(r"\$[A-Za-z_]\w*")
_LARGEST_SECONDS: Final = 99_999_999
_LONGEST_LABEL: Final = 40

Check = Callable[[Any], str | None]
"""Says what is wrong with a value; None if nothing is."""


def is_expression(value: Any) -> bool:
    """Tell whether a value is an expression of JSONata."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def is_path(value: Any) -> bool:
    """Tell whether a value is a JSONPath: into the input, the context object or a variable."""
    if not isinstance(value, str) or not value.startswith("$"):
        return False
    variable = _VARIABLE.match(value)
    inner = "$" + value[variable.end() :] if variable else value[1:] if value.startswith("$$") else value
    try:
        parsed(inner)
    except ValueError:
        return False
    return True


def is_reference_path(value: Any) -> bool:
    """Tell whether a value is a path that can only lead to one value of the input."""
    return is_path(value) and not _VARIABLE.match(value) and not value.startswith("$$") and parsed(value).is_definite


def is_call(value: Any) -> bool:
    """Tell whether a value is a call of an intrinsic function."""
    if not isinstance(value, str) or not value.startswith("States."):
        return False
    try:
        parsed_call(value)
    except Exception:  # noqa: BLE001 - whatever the parser stumbles over is the call's fault
        return False
    return True


def _of_type(expected: type | tuple[type, ...], name: str) -> Check:
    def check(value: Any) -> str | None:
        is_one = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
        return None if is_one else f"Expected value of type {name}"

    return check


def _computed(check: Check) -> Check:
    return lambda value: None if is_expression(value) else check(value)


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "Expected value of type Integer"
        return None if least <= value <= most else f"Value is not between {least} and {most}"

    return check


def _number(least: float, most: float) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "Expected value of type Number"
        return None if least <= value <= most else f"Value is not between {least:g} and {most:g}"

    return check


def _path(value: Any) -> str | None:
    return None if is_path(value) else "Value is not a valid JSONPath"


def _path_or_call(value: Any) -> str | None:
    return (
        None if is_path(value) or is_call(value) else "Value is not a valid JSONPath or a valid intrinsic function call"
    )


def _reference_path(value: Any) -> str | None:
    return None if is_reference_path(value) else "Value is not a Reference Path"


def _or_null(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _timestamp(value: Any) -> str | None:
    return None if instant(value) is not None else "String does not match RFC3339 timestamp"


def _one_of(*values: str) -> Check:
    return lambda value: None if value in values else f"Value is not one of: [{', '.join(values)}]"


def _label(value: Any) -> str | None:
    is_label = isinstance(value, str) and 0 < len(value) <= _LONGEST_LABEL
    return None if is_label else f"A label is a string of 1 to {_LONGEST_LABEL} characters"


_STRING: Final = _of_type(str, "String")
_BOOLEAN: Final = _of_type(bool, "Boolean")
_OBJECT: Final = _of_type(dict, "Object")
_LIST: Final = _of_type(list, "Array")
_SECONDS: Final = _computed(_whole(1, _LARGEST_SECONDS))

FIELDS: Final[dict[str, Check]] = {
    "Comment": _STRING,
    "Version": _STRING,
    "Next": _STRING,
    "Default": _STRING,
    "Resource": _STRING,
    "Error": _STRING,
    "Cause": _STRING,
    "Label": _label,
    "QueryLanguage": _one_of("JSONPath", "JSONata"),
    "End": _BOOLEAN,
    "InputPath": _or_null(_path),
    "OutputPath": _or_null(_path),
    "ResultPath": _or_null(_reference_path),
    "ErrorPath": _path_or_call,
    "CausePath": _path_or_call,
    **dict.fromkeys(("ItemsPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath"), _path),
    **dict.fromkeys(("MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"), _path),
    "TimeoutSeconds": _SECONDS,
    "HeartbeatSeconds": _SECONDS,
    "Seconds": _computed(_whole(0, _LARGEST_SECONDS)),
    "Timestamp": _computed(_timestamp),
    "MaxConcurrency": _computed(_whole(0, 2**31 - 1)),
    "ToleratedFailureCount": _computed(_whole(0, 2**31 - 1)),
    "ToleratedFailurePercentage": _computed(_number(0, 100)),
    "Retry": _LIST,
    "Catch": _LIST,
    "Choices": _LIST,
    "Branches": _LIST,
    **dict.fromkeys(("Credentials", "ItemProcessor", "Iterator", "ItemReader", "ItemBatcher", "ResultWriter"), _OBJECT),
    "ResultSelector": _OBJECT,
    "Assign": _computed(_OBJECT),
}
"""Of states and machines, by name."""

RETRIER: Final[dict[str, Check]] = {
    "IntervalSeconds": _whole(1, _LARGEST_SECONDS),
    "MaxAttempts": _whole(0, _LARGEST_SECONDS),
    "BackoffRate": _number(1, float("inf")),
    "MaxDelaySeconds": _whole(1, 31_622_400),
    "JitterStrategy": _one_of("FULL", "NONE"),
    "Comment": _STRING,
}
CATCHER: Final[dict[str, Check]] = {name: FIELDS[name] for name in ("Next", "ResultPath", "Assign", "Comment")} | {
    "Output": lambda _: None
}

_KINDS: Final[dict[str, Check]] = {
    "String": _STRING,
    "Numeric": _number(-float("inf"), float("inf")),
    "Boolean": _BOOLEAN,
    "Timestamp": _timestamp,
}
_ORDERED: Final = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
COMPARISONS: Final[dict[str, Check]] = {
    **{
        f"{kind}{relation}{suffix}": _path if suffix else check
        for kind, check in _KINDS.items()
        for relation in (("Equals",) if kind == "Boolean" else _ORDERED)
        for suffix in ("", "Path")
    },
    "StringMatches": _STRING,
    **{f"Is{kind}": _BOOLEAN for kind in (*_KINDS, "Null", "Present")},
}
"""What rules of a ``Choice`` compare with, by the name of the comparison."""


def template_problems(template: Any) -> Iterator[str]:
    """Find fields of a payload template whose names end in ``.$`` and whose values are neither path nor call."""
    if isinstance(template, dict):
        for name, value in template.items():
            if not name.endswith(".$"):
                yield from template_problems(value)
            elif not is_path(value) and not is_call(value):
                yield f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
    elif isinstance(template, list):
        for item in template:
            yield from template_problems(item)
