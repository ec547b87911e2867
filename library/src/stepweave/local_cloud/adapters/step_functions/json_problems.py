"""What is wrong with a text that is no JSON, in the words of AWS's parser."""

from __future__ import annotations

import json
import re
from typing import Final

_WORD: Final = re.compile(r"[\w$]+")
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_EXPECTED: Final = {
    "Expecting property name enclosed in double quotes": "was expecting double-quote to start field name",
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting ',' delimiter": "was expecting comma to separate entries",
    "Expecting value": f"expected a valid value {_VALUES}",
}


def json_problem(text: str) -> str | None:
    """Return what is wrong with a text, None if it is JSON.

    Example
    -------
    >>> json_problem("{"), json_problem("{}")
    ('Unexpected end-of-input', None)
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        rest = text[error.pos :]
        word = _WORD.match(rest)
        if error.msg == "Expecting value" and word is not None and not rest[0].isdigit():
            return f"Unrecognized token '{word[0]}': was expecting {_VALUES}"
        if not rest:
            return "Unexpected end-of-input"
        return f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {_EXPECTED.get(error.msg, error.msg)}"
    except ValueError as error:
        return str(error)
    return None
