"""Items that are read in formats which the engine does not know.

Upstream defects: ``ItemReader`` knows neither JSON Lines nor another delimiter than the comma nor ``ItemsPointer``, and
wants an ``InputType`` even for the objects of a bucket, which have none.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Final

_DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_READ: Final = frozenset({"CSV", "JSON", "JSONL"})
_NOT_READ: Final = frozenset({"MANIFEST", "PARQUET"})
_OWN_FIELDS: Final = frozenset({"CSVDelimiter", "ItemsPointer"})


class UnreadableItems(ValueError):  # noqa: N818 - says what is wrong
    """What was read holds no items."""


def is_known_to_grammar(configuration: Mapping[str, Any]) -> bool:
    """Tell whether the engine reads items with this ``ReaderConfig`` itself."""
    return configuration.get("InputType") in {"JSON", "CSV"} and not configuration.keys() & _OWN_FIELDS


def for_grammar(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a ``ReaderConfig`` what the grammar knows.

    Example
    -------
    >>> for_grammar({"InputType": "JSONL", "MaxItems": 3})
    {'InputType': 'JSON', 'MaxItems': 3}

    Raises
    ------
    ValueError
        If the configuration is not understood.
    """
    kind = configuration.get("InputType", "JSON")
    if kind not in _READ | _NOT_READ:
        raise ValueError(f"'InputType' must be one of {sorted(_READ | _NOT_READ)}")
    if configuration.get("CSVDelimiter", "COMMA") not in _DELIMITERS:
        raise ValueError(f"'CSVDelimiter' must be one of {sorted(_DELIMITERS)}")
    known = {name: value for name, value in configuration.items() if name not in _OWN_FIELDS}
    return known | {"InputType": "CSV" if kind == "CSV" else "JSON"}


def items_of(content: Any, configuration: Mapping[str, Any], most: int) -> list[Any]:
    """Return the items of what was read.

    Parameters
    ----------
    content
        The text of an object, or the objects of a bucket as a list.
    configuration
        The ``ReaderConfig`` as it is written in the definition.
    most
        The number of items after which no more are read.

    Raises
    ------
    UnreadableItems
        If there are none; the message says why.

    Example
    -------
    >>> items_of('{"a": 1}\\n{"a": 2}\\n', {"InputType": "JSONL"}, 100)
    [{'a': 1}, {'a': 2}]
    >>> items_of("a;b\\n1;2\\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "SEMICOLON"}, 9)
    [{'a': '1', 'b': '2'}]
    """
    if isinstance(content, list):
        return content[:most]
    kind = configuration.get("InputType")
    if kind in _NOT_READ:
        raise UnreadableItems(f"The local cloud reads items from {sorted(_READ)}, not from {kind}")
    if kind == "CSV":
        return _rows(content, configuration)[:most]
    try:
        if kind == "JSONL":
            return [json.loads(line) for line in content.splitlines() if line.strip()][:most]
        found = _pointed(json.loads(content), configuration.get("ItemsPointer", ""))
    except json.JSONDecodeError as error:
        raise UnreadableItems(f"The object is not {kind}: {error}") from error
    if not isinstance(found, list):
        raise UnreadableItems("Attempting to map over non-iterable node.")
    return found[:most]


def _rows(text: str, configuration: Mapping[str, Any]) -> list[dict[str, str]]:
    delimiter = _DELIMITERS[configuration.get("CSVDelimiter", "COMMA")]
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    if configuration.get("CSVHeaderLocation") == "GIVEN":
        headers = list(configuration.get("CSVHeaders", ()))
    else:
        headers, rows = (rows[0], rows[1:]) if rows else ([], [])
    if len(set(headers)) < len(headers):
        raise UnreadableItems("CSV headers cannot contain duplicates.")
    return [{header: row[i] if i < len(row) else "" for i, header in enumerate(headers)} for row in rows]


def _pointed(value: Any, pointer: str) -> Any:
    """Follow a JSON pointer (RFC 6901)."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise UnreadableItems(f"The ItemsPointer '{pointer}' points to nothing") from error
    return value
