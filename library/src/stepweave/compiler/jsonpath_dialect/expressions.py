"""Spells values and where they come from."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.graph.arguments import Argument, Constant, ListOf, MapOf, ResultOf, WorkflowInput
from stepweave.graph.dag import INPUTS
from stepweave.graph.errors import WorkflowError


@dataclass(frozen=True)
class Origin:
    """Where the states of a definition find what the whole workflow was started with.

    Parameters
    ----------
    execution : str
        Path of the ARN of the workflow's execution, of which a nested execution is a part.
    part : str | None
        Path of the ARN of the nested execution itself; None in the workflow's own.
    """

    execution: str
    part: str | None = None


MAIN = Origin("$$.Execution.Id")
EXECUTION_KEY = "stepweave:execution"
NESTED = Origin(f"$$.Execution.Input['{EXECUTION_KEY}']", "$$.Execution.Id")

MAX_EXPRESSION = 10_000
"""Characters that a call of an intrinsic function may have (AWS Step Functions)."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def member(key: str) -> str:
    """Spell the step of a path into an object."""
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"['{key}']"


def field(name: str, argument: Argument, paths: Mapping[str, str]) -> tuple[str, JsonValue]:
    """Spell a field of a task's input.

    Parameters
    ----------
    name : str
        The field.
    argument : Argument
        Where its value comes from.
    paths : Mapping[str, str]
        For each result that the document carries its path there, and that of the workflow's inputs. A result that is
        not in it is fetched by the agent.

    Returns
    -------
    tuple of str and JSON
        The key, which ends in ``.$`` if the value is an expression, and the value.

    Raises
    ------
    WorkflowError
        If Step Functions has no expression for it.
    """
    known = _known(argument, paths)
    if known is not None and not name.endswith(".$") and not _holds_expression_key(known.value):
        return name, known.value
    if isinstance(argument, MapOf):
        if name.endswith(".$"):
            raise WorkflowError(
                f"{name!r} is the key of a dict that holds a result or a workflow input, and Step Functions takes "
                "such a key for that of an expression",
                remedy="choose another key",
            )
        return name, dict(field(key, item, paths) for key, item in argument.items)
    expression = _expression(argument, paths) if known is None else _evaluated(known.value)
    if len(expression) > MAX_EXPRESSION:
        raise WorkflowError(
            f"the expression of input {name!r} has {len(expression)} characters, more than the {MAX_EXPRESSION} that "
            "Step Functions allows",
            remedy="pass fewer constants and results in one list",
        )
    return f"{name}.$", expression


def _known(argument: Argument, paths: Mapping[str, str]) -> Constant | None:
    """Return what is spelled without any expression: constants, and results that the agent fetches itself."""
    match argument:
        case Constant():
            return argument
        case ResultOf(task) if task not in paths:
            return Constant({PUBLISHED_KEY: task})
        case ListOf(items):
            known = [_known(item, paths) for item in items]
            values = [item.value for item in known if item is not None]
            return Constant(values) if len(values) == len(items) else None
    return None


def _expression(argument: Argument, paths: Mapping[str, str]) -> str:
    match argument:
        case WorkflowInput(name):
            return f"{paths[INPUTS]}{member(name)}"
        case ResultOf(task) if task in paths:
            return paths[task]
        case ListOf(items):
            return f"States.Array({', '.join(_expression(item, paths) for item in items)})"
        case MapOf():
            raise WorkflowError(
                "a dict inside a list holds a result or a workflow input, and no expression of Step Functions can "
                "make that",
                remedy="pass the results as a list, or as a dict that is not in a list",
            )
    known = _known(argument, paths)
    assert known is not None  # noqa: S101 - nothing else is left
    return literal(known.value)


def literal(value: JsonValue) -> str:
    """Write a constant as an argument of an intrinsic function."""
    if isinstance(value, str):
        return "'" + re.sub(r"([\\'{}])", r"\\\1", value) + "'"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return _evaluated(value)


def _evaluated(value: JsonValue) -> str:
    return f"States.StringToJson({literal(json.dumps(value))})"


def _holds_expression_key(value: JsonValue) -> bool:
    """Tell whether a constant holds a key that would be taken for that of an expression."""
    if isinstance(value, dict):
        return any(key.endswith(".$") or _holds_expression_key(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_expression_key(item) for item in value)
