"""The input of a task's agent: the constants that the file gives, and the results of the task's dependencies."""

from __future__ import annotations

import math
from typing import Any

from pydantic import JsonValue, ValidationError

from stepweave.contract.agent import Agent
from stepweave.contract.json_values import NotJsonError, field_type, key_of
from stepweave.dag_files.errors import abbreviated
from stepweave.dag_files.file_task import FileTask
from stepweave.dag_files.node import Node
from stepweave.graph.arguments import Argument, Constant, ListOf, ResultOf
from stepweave.language.types import accepts, holds_items, item_type, type_name

DEPENDENCIES = "dependencies"
"""The field in which an agent is given the results of its task's dependencies, in order, if it has one."""

_MAX_DEPTH = 32


def constants(agent: Agent[Any, Any], task: FileTask, given: dict[str, Node]) -> list[tuple[str, Argument]]:
    """Check the constants that a file gives an agent, and return them by field.

    Raises
    ------
    DagFileError
        If a field is unknown, missing, or its value is of the wrong type.
    """
    fields = agent.input.model_fields
    filled = {*given, *([DEPENDENCIES] if task.depends_on else [])}
    for name, node in given.items():
        if name not in fields:
            raise node.error(
                f"agent {agent.name!r} has no input {abbreviated(name)}", f"it takes {', '.join(fields) or 'none'}"
            )
        if name == DEPENDENCIES and task.depends_on:
            raise node.error("the results of the dependencies go here", "remove this, or the dependencies")
    missing = [name for name, info in fields.items() if info.is_required() and name not in filled]
    if missing:
        raise (task.input or task.node).error(
            f"task {task.id!r} lacks the input {', '.join(map(repr, missing))} of agent {agent.name!r}",
            "give it in the task's 'input'",
        )
    return [(key_of(name, fields[name]), _constant(agent, name, node)) for name, node in given.items()]


def takes_results(agent: Agent[Any, Any], needs: list[Agent[Any, Any]]) -> bool:
    """Tell whether an agent takes the results of other agents as its dependencies."""
    info = agent.input.model_fields.get(DEPENDENCIES)
    if info is None or not holds_items(info.annotation, list):
        return False
    return all(accepts(item_type(info.annotation), other.output) for other in needs)


def results(agent: Agent[Any, Any], task: FileTask) -> tuple[str, Argument]:
    """Return the argument that gives an agent the results of its task's dependencies."""
    name = key_of(DEPENDENCIES, agent.input.model_fields[DEPENDENCIES])
    return name, ListOf(tuple(ResultOf(one.task) for one in task.depends_on))


def _constant(agent: Agent[Any, Any], name: str, node: Node) -> Constant:
    _check_plain(node)
    field = field_type(agent.input, name)
    try:
        return Constant(field.reload(node.value))
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
        inside = detail["loc"][1:]  # the first part is the field itself
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inside)
        raise Node(node.file, node.place + where, None).error(
            f"the input {name!r} of agent {agent.name!r}: {detail['msg']}", f"give a {type_name(field.info.annotation)}"
        ) from None
    except NotJsonError as error:
        raise node.error(f"the input {name!r} of agent {agent.name!r}: {error}") from None


def _check_plain(node: Node) -> None:
    """Refuse what Python reads from a file although it is no JSON value that can be sent on."""
    ahead: list[tuple[Node, int]] = [(node, 1)]
    while ahead:
        one, depth = ahead.pop()
        if depth > _MAX_DEPTH:
            raise node.error("its values are nested too deeply", f"use at most {_MAX_DEPTH} levels")
        match one.value:
            case dict():
                ahead += [(child, depth + 1) for child in one.fields().values()]
                _check_text(one, *one.value)
            case list():
                ahead += [(child, depth + 1) for child in one.items()]
            case str() as text:
                _check_text(one, text)
            case float() as number if not math.isfinite(number):
                raise one.error(f"{number} is no JSON number", "give a finite number")


def _check_text(node: Node, *texts: JsonValue) -> None:
    for text in texts:
        try:
            str(text).encode()
        except UnicodeEncodeError:
            raise node.error("a text holds half of a character (a lone surrogate)", "correct it") from None
