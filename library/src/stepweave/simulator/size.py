"""How long values are as JSON text, without writing that text again and again."""

from __future__ import annotations

import json
from functools import lru_cache

from pydantic import JsonValue

_LONG = 256


def json_size(value: JsonValue) -> int:
    """Return how many characters a value takes as JSON without blanks, what is not ASCII escaped.

    A long text is written once however often it travels: a state machine hands the same results on and on.

    Example
    -------
    >>> json_size({"a": [1, "b"]})
    13
    """
    match value:
        case str():
            return len(json_text(value))
        case dict():
            return 2 + sum(len(json_text(key)) + 1 + json_size(item) for key, item in value.items()) + _commas(value)
        case list():
            return 2 + sum(map(json_size, value)) + _commas(value)
    return len(json.dumps(value))


def json_text(value: JsonValue) -> str:
    """Return a value as JSON without blanks."""
    if isinstance(value, str) and len(value) > _LONG:
        return _long_text(value)
    return json.dumps(value, separators=(",", ":"))


def _commas(items: dict[str, JsonValue] | list[JsonValue]) -> int:
    return max(0, len(items) - 1)


@lru_cache(maxsize=64)
def _long_text(text: str) -> str:
    return json.dumps(text)
