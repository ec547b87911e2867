"""Values of DynamoDB: what AWS refuses of them, and how it writes numbers down."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from moto.dynamodb.exceptions import MockValidationException

Value = dict[str, Any]

_INVALID: Final = "One or more parameter values were invalid: "
_PLAIN: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_CONTEXT: Final = Context(prec=200)
_DIGITS: Final = 38
_LARGEST_EXPONENT: Final = 125
_SMALLEST_EXPONENT: Final = -130
_DEEPEST: Final = 32
_SETS: Final = {"SS": "string", "NS": "number", "BS": "binary"}


def check_value(value: Any, depth: int = 0) -> None:  # noqa: C901 - a case for each type
    """Refuse a value that AWS refuses, and write its numbers down as AWS does.

    Parameters
    ----------
    value
        As ``{"N": "1.50"}``, whose number becomes ``1.5``.
    depth
        In how many lists and maps it is.

    Raises
    ------
    MockValidationException
        If AWS would refuse it.
    """
    if not isinstance(value, dict) or not value:
        message = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
        raise MockValidationException(message)
    if len(value) > 1:
        message = (
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
        raise MockValidationException(message)
    ((kind, content),) = value.items()
    match kind:
        case "S" | "B" | "BOOL":
            return
        case "N":
            value["N"] = number(content)
        case "M" | "L":
            if depth >= _DEEPEST:
                raise MockValidationException("Nesting Levels have exceeded supported limits")
            for each in content.values() if kind == "M" else content:
                check_value(each, depth + 1)
        case "SS" | "NS" | "BS":
            value[kind] = _set(kind, content)
        case "NULL":
            if content is not True:
                raise MockValidationException(f"{_INVALID}Null attribute value types must have the value of true")
        case _:
            message = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            raise MockValidationException(message)


def number(text: Any) -> str:
    """Return a number as AWS writes it.

    Raises
    ------
    MockValidationException
        If it is none, or one that DynamoDB cannot hold.

    Example
    -------
    >>> [number(text) for text in ("007.50", "1E3", "-0", "1.5e-7")]
    ['7.5', '1000', '0', '0.00000015']
    """
    spelt = str(text)
    if _PLAIN.fullmatch(spelt):
        return spelt
    try:
        value = Decimal(spelt)
        is_number = value.is_finite() and "_" not in spelt
    except InvalidOperation:
        is_number = False
    if not is_number:
        raise MockValidationException(f"The parameter cannot be converted to a numeric value: {spelt}")
    if value == 0:
        return "0"
    value = value.normalize(_CONTEXT)
    if len(value.as_tuple().digits) > _DIGITS:
        raise MockValidationException(f"Attempting to store more than {_DIGITS} significant digits in a Number")
    if value.adjusted() > _LARGEST_EXPONENT:
        message = "Number overflow. Attempting to store a number with magnitude larger than supported range"
        raise MockValidationException(message)
    if value.adjusted() < _SMALLEST_EXPONENT:
        message = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        raise MockValidationException(message)
    return f"{value:f}"


def _set(kind: str, content: Any) -> list[Any]:
    if not content:
        if kind == "BS":
            raise MockValidationException(f"{_INVALID}Binary sets should not be empty")
        raise MockValidationException(f"{_INVALID}An {_SETS[kind]} set  may not be empty")
    items = [number(each) for each in content] if kind == "NS" else list(content)
    if len(set(items)) < len(items):
        shown = ", ".join(str(item) for item in items)
        raise MockValidationException(f"{_INVALID}Input collection [{shown}] contains duplicates.")
    return items
