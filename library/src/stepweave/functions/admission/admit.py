"""Checks an execution's input against what its workflow declares, and makes it fit to travel."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import JsonValue

from stepweave.contract.admission import DeclaredInput
from stepweave.contract.json_values import NotJsonError, json_bytes, json_text
from stepweave.contract.value_paths import could_be_mistaken
from stepweave.functions.admission.errors import InvalidInput

Store = Callable[[bytes], JsonValue]
"""Puts JSON text into S3 and returns the reference to it."""

_MOST_PROBLEMS: Final = 5
_LONGEST_TEXT: Final = 200


def admitted(
    given: JsonValue, declared: Mapping[str, DeclaredInput], limit_bytes: int, store: Store
) -> dict[str, JsonValue]:
    """Return the inputs of a workflow.

    Parameters
    ----------
    given : JsonValue
        What the execution was started with. What the workflow does not take is left out.
    declared : Mapping[str, DeclaredInput]
        What the workflow takes, by name.
    limit_bytes : int
        How long their JSON may be together. The largest ones are stored until the rest fits.
    store : Store
        Puts one into S3.

    Raises
    ------
    InvalidInput
        Naming each input that is missing or of the wrong type.

    Example
    -------
    >>> admitted({}, {"n": DeclaredInput(json_schema={}, required=False, default=1)}, 100, lambda text: None)
    {'n': 1}
    """
    if not isinstance(given, dict):
        raise InvalidInput(
            f"the execution's input must be a JSON object, not {_kind(given)}; it takes {', '.join(declared)}"
        )
    values = {name: given.get(name, one.default) for name, one in declared.items() if name in given or not one.required}
    problems = [f"input {name!r} is missing" for name in declared if name not in values]
    for name, value in values.items():
        problems += _problems(name, declared[name], value)
    if problems:
        more = f"; and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise InvalidInput("; ".join(problems[:_MOST_PROBLEMS]) + more)
    return _fitting(values, limit_bytes, store)


def _problems(name: str, declared: DeclaredInput, value: JsonValue) -> Iterator[str]:
    try:
        json_text(value)
    except NotJsonError as error:
        yield f"input {name!r}: {error}"
        return
    validator = _validator(json.dumps(declared.json_schema, sort_keys=True))
    worst = best_match(validator.iter_errors(value))
    if worst is not None:
        where = ".".join(map(str, (name, *worst.absolute_path)))
        message = worst.message if len(worst.message) <= _LONGEST_TEXT else f"{worst.message[:_LONGEST_TEXT]}..."
        yield f"input {where!r}: {message}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def _fitting(values: dict[str, JsonValue], limit_bytes: int, store: Store) -> dict[str, JsonValue]:
    """Store what could be mistaken for a reference, and then the largest values, until all fit together."""
    sizes = {name: json_bytes(value) for name, value in values.items()}
    names = sum(json_bytes(name) + 2 for name in values)
    inline = sum(sizes.values()) + names + 2
    for name in sorted(values, key=lambda each: (not could_be_mistaken(values[each]), -sizes[each])):
        if inline <= limit_bytes and not could_be_mistaken(values[name]):
            break
        reference = store(json_text(values[name]))
        inline += json_bytes(reference) - sizes[name]
        values = {**values, name: reference}
    return values


def _kind(value: JsonValue) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return kinds.get(type(value), "null")
