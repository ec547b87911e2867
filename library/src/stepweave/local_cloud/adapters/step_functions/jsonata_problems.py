"""What AWS refuses in a definition for the sake of its query language, and where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.jsonata_expressions import compiled

_JSONATA_ONLY: Final = frozenset({"Arguments", "Output", "Items"})
_JSONPATH_ONLY: Final = frozenset(
    {"InputPath", "OutputPath", "Parameters", "ResultSelector", "ResultPath", "Result", "ItemsPath", "SecondsPath"}
    | {"TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath", "ErrorPath", "CausePath"}
    | {"ToleratedFailureCountPath", "ToleratedFailurePercentagePath"}
)
# Fields whose states are looked at by themselves, and one that may have any text.
_NOT_LOOKED_AT: Final = frozenset({"Branches", "ItemProcessor", "Iterator", "Comment"})

# Text, regular expressions (where an operand may stand), quoted names and comments.
_QUOTED: Final = re.compile(
    r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|/\*.*?\*/|(?:(?<=[(,=:;~?&{\[])|(?<=~>))\s*/(?:\\.|[^/\\])+/[im]*""",
    re.DOTALL,
)
# Operators of JSONata 2.1, with what 2.0 says of them.
_LATER_OPERATORS: Final = {"??": "?", "?:": ":"}
_CONTEXT: Final = re.compile(r"\$\$?(?![\w$])")

Found = tuple[str, str, str]
"""A code, what is wrong, and where."""


def language_problems(definition: dict[str, Any], states: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[Found]:
    """Find what is wrong with a definition's query languages and its JSONata.

    Parameters
    ----------
    definition
        The whole definition.
    states
        All its states, also those within others, with their places.
    """
    whole = definition.get("QueryLanguage", "JSONPath")
    for place, state in states:
        language = state.get("QueryLanguage", whole)
        if whole == "JSONata" and language == "JSONPath":
            text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            yield "SCHEMA_VALIDATION_FAILED", text, place
            continue
        is_jsonata = language == "JSONata"
        for field in sorted(state.keys() & (_JSONPATH_ONLY if is_jsonata else _JSONATA_ONLY)):
            other = "JSONPath" if is_jsonata else "JSONata"
            text = f"The QueryLanguage is set to '{language}', but field '{field}' is only supported for the '{other}' "
            yield "SCHEMA_VALIDATION_FAILED", f"{text}QueryLanguage", place
        for field in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(field), dict) and "QueryLanguage" in state[field]:
                yield "SCHEMA_VALIDATION_FAILED", "Field 'QueryLanguage' is not supported", f"{place}/{field}"
        if is_jsonata:
            for field, value in state.items():
                if field not in _NOT_LOOKED_AT:
                    yield from _of_field(value, f"{place}/{field}", is_of_catcher=field == "Catch")


def _of_field(value: Any, place: str, *, is_of_catcher: bool) -> Iterator[Found]:
    if isinstance(value, dict):
        for name, item in value.items():
            if place.endswith("/Assign") and name == "states":
                text = "The variable name 'states' is reserved and cannot be assigned"
                yield "SCHEMA_VALIDATION_FAILED", text, f"{place}/{name}"
            yield from _of_field(item, f"{place}/{name}", is_of_catcher=is_of_catcher)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of_field(item, f"{place}[{index}]", is_of_catcher=is_of_catcher)
    elif isinstance(value, str) and value.startswith("{%") and value.endswith("%}"):
        for code, text in _of_expression(value[2:-2].strip(), is_of_catcher=is_of_catcher):
            yield code, text, place


def _of_expression(source: str, *, is_of_catcher: bool) -> Iterator[tuple[str, str]]:
    from jlens import JlensError  # noqa: PLC0415 - most definitions have no JSONata

    try:
        reads: dict[str, Any] = dict(compiled(source).reads())
    except JlensError as error:
        yield "INVALID_JSONATA_EXPRESSION", str(error)
        return
    bare = _QUOTED.sub(" ", source)
    for operator, symbol in _LATER_OPERATORS.items():
        if operator in bare:
            yield "INVALID_JSONATA_EXPRESSION", f'The symbol "{symbol}" cannot be used as a unary operator'
            return
    context = reads.get("input")
    names = sorted(context) if isinstance(context, dict) else []
    if context is True:
        names = sorted(set(_CONTEXT.findall(bare)))
    elif "$$" in _CONTEXT.findall(bare):
        names = ["$$"]
    for name in names:
        yield "UNSUPPORTED_JSONATA_EXPRESSION", f"Reference to '{name}' at the top level is not supported."
    states = reads["bindings"].get("states")
    if isinstance(states, dict) and "errorOutput" in states and not is_of_catcher:
        yield "UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$states.errorOutput' is not supported in this field."
