"""JSON as the specification has it, and what is told of text that is none."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_TOKEN: Final = re.compile(r"[\w$.+-]+")
_EXPECTED: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def _refuse(constant: str) -> Any:
    raise ValueError(f"Non-standard token '{constant}': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow")


def _finite(number: str) -> float:
    value = float(number)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"The number {number} is out of range")
    return value


def loads(text: str) -> Any:
    """Parse JSON; ``NaN`` and the infinities, which Python takes, are none.

    Raises
    ------
    ValueError
        If the text is not JSON; it says so in the words of the parser that AWS uses, where these are known.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise ValueError(_told(error)) from error
    except RecursionError as error:
        raise ValueError("The document is nested too deeply") from error


def _told(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip()
    if not rest:
        return "Unexpected end-of-input"
    if error.msg.startswith("Expecting property name"):
        return (
            f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): was expecting double-quote to start field name"
        )
    token = _TOKEN.match(rest)
    if error.msg.startswith("Expecting value") and token is not None and token[0][0].isalpha():
        return f"Unrecognized token '{token[0]}': was expecting {_EXPECTED}"
    return f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {error.msg}"
