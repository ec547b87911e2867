"""The JSON schema of a workflow's input, by which it is checked before any task runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

_OF_NO_USE: Final = frozenset({"title", "description", "examples", "deprecated", "default"})
_BY_NAME: Final = frozenset({"properties", "patternProperties", "$defs"})
_DATA: Final = frozenset({"const", "enum", "discriminator", "required"})


def input_schema(annotation: Any) -> dict[str, JsonValue]:
    """Return the JSON schema of what a type accepts, without what is only for people.

    It is empty, so that anything will do, for a type that no schema describes. An agent checks what it is given anyway.

    Example
    -------
    >>> input_schema(int)
    {'type': 'integer'}
    """
    try:
        schema = TypeAdapter(annotation).json_schema(mode="validation", by_alias=True)
    except PydanticInvalidForJsonSchema:
        return {}
    return _brief(schema)


def _brief(schema: Mapping[str, Any]) -> dict[str, JsonValue]:
    brief: dict[str, JsonValue] = {}
    for key, value in schema.items():
        if key in _OF_NO_USE or (key == "pattern" and not _is_known_to_python(value)):
            continue
        if key in _BY_NAME:
            brief[key] = {name: _brief(each) if isinstance(each, dict) else each for name, each in value.items()}
        elif key in _DATA:
            brief[key] = value
        elif isinstance(value, dict):
            brief[key] = _brief(value)
        elif isinstance(value, list):
            brief[key] = [_brief(each) if isinstance(each, dict) else each for each in value]
        else:
            brief[key] = value
    return brief


def _is_known_to_python(pattern: str) -> bool:
    """Tell whether Python knows a regular expression, which pydantic reads in the dialect of Rust."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
