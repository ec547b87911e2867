"""How long values are as JSON text, without writing that text again and again."""

from __future__ import annotations

import json
from functools import lru_cache

from pydantic import JsonValue

_LONG = 256


def json_size(value: JsonValue) -> int:
    """Return how many bytes a value takes as JSON in UTF-8, without blanks: what Step Functions counts.

    A long text is written once however often it travels: a state machine hands the same results on and on.

    Example
    -------
    >>> json_size({"a": [1, "b"]})
    13
    """
    match value:
        case str():
            return _bytes(value)
        case dict():
            return 2 + sum(_bytes(key) + 1 + json_size(item) for key, item in value.items()) + _commas(value)
        case list():
            return 2 + sum(map(json_size, value)) + _commas(value)
    return len(json.dumps(value))


def json_text(value: JsonValue) -> str:
    """Return a value as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _bytes(text: str) -> int:
    return _bytes_of_long(text) if len(text) > _LONG else _count(text)


def _count(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _commas(items: dict[str, JsonValue] | list[JsonValue]) -> int:
    return max(0, len(items) - 1)


@lru_cache(maxsize=64)
def _bytes_of_long(text: str) -> int:
    return _count(text)
