"""What a field takes from an expression."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final


class WrongValue(Exception):  # noqa: N818 - says what is wrong
    """An expression returned what its field does not take.

    Its text goes on from the name of the field, as AWS's does.
    """


@dataclass(frozen=True)
class _Expected:
    """What a field takes.

    Parameters
    ----------
    type
        JSONata's name of the type.
    least, most
        Between which numbers a number must be.
    is_whole
        Whether a number must be whole.
    may_be_text
        Whether a number may be given by its digits.
    """

    type: str
    least: float | None = None
    most: float | None = None
    is_whole: bool = True
    may_be_text: bool = False


_LONGEST_TIME: Final = 99_999_999  # seconds
_COUNT: Final = _Expected("number", least=0, may_be_text=True)
_EXPECTED: Final = {
    "Items": _Expected("array"),
    "Choices/Condition": _Expected("boolean"),
    "Timestamp": _Expected("string"),
    "Error": _Expected("string"),
    "Cause": _Expected("string"),
    "Credentials/RoleArn": _Expected("string"),
    "Seconds": _Expected("number", least=0, most=_LONGEST_TIME),
    "TimeoutSeconds": _Expected("number", least=1, most=_LONGEST_TIME),
    "HeartbeatSeconds": _Expected("number", least=1, most=_LONGEST_TIME),
    "MaxConcurrency": _COUNT,
    "ToleratedFailureCount": _COUNT,
    "ToleratedFailurePercentage": _Expected("number", least=0, most=100, is_whole=False, may_be_text=True),
    "ItemReader/ReaderConfig/MaxItems": _COUNT,
    "ItemBatcher/MaxItemsPerBatch": _Expected("number", least=1, may_be_text=True),
    "ItemBatcher/MaxInputBytesPerBatch": _Expected("number", least=1, may_be_text=True),
}
_RULE: Final = re.compile(r"^Choices\[\d+\]")


def checked(value: Any, location: str) -> Any:
    """Return what a field makes of a value.

    Parameters
    ----------
    value
        What its expression returned.
    location
        Where the expression is, such as ``Choices[0]/Condition``.

    Raises
    ------
    WrongValue
        If the field does not take it.

    Example
    -------
    >>> checked("2", "MaxConcurrency")
    2
    """
    expected = _EXPECTED.get(_RULE.sub("Choices", location))
    if expected is None:
        return value
    if expected.may_be_text and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    kind = _type(value)
    if kind != expected.type:
        written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        raise WrongValue(
            f"returned an unexpected result type. Expected '{expected.type}', but was '{kind}' for value: {written}"
        )
    if kind == "number":
        _check_number(value, expected)
    return value


def _check_number(value: float, expected: _Expected) -> None:
    if expected.is_whole and not isinstance(value, int):
        raise WrongValue(f"returned a value that must be an integer, but was: {value}")
    if expected.least is not None and value < expected.least:
        raise WrongValue(f"returned a value that must be at least {expected.least}, but was: {value}")
    if expected.most is not None and value > expected.most:
        raise WrongValue(f"returned a value that must be at most {expected.most}, but was: {value}")


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")
