"""Describes all that is public, as text: names with their signatures, commands with their options, settings, messages.

``python -m tests.unit.public_api`` writes it to ``public_api.txt``: ``make public-api``.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, get_args

import typer
from pydantic import BaseModel
from typer.core import TyperArgument, TyperGroup

import stepweave
from stepweave.cdk.settings import KNOWN
from stepweave.command.main import app
from stepweave.contract.breaker_change import Change
from stepweave.contract.breaker_item import State
from stepweave.contract.breaker_transition import Cause, Transition
from stepweave.contract.dead_letter import DeadLetter, FailedTask
from stepweave.language.task import TaskHandle
from stepweave.project.settings import Project
from stepweave.testing import plugin

SNAPSHOT = Path(__file__).with_suffix(".txt")

_PACKAGES = ("stepweave", "stepweave.cdk", "stepweave.testing")
_UNNAMED = (TaskHandle,)
"""Public, though no project imports it: what the call of an agent returns in a workflow function."""
_MESSAGES = (DeadLetter, FailedTask)
_STARS: Mapping[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_VARIABLE = re.compile(r'"(STEPWEAVE_[A-Z_]+)"')
_READ_BY_PEOPLE = ("command", "project", "testing")
"""Packages whose variables people set; those of ``runtime`` and ``functions`` are set by the stacks."""


def public_api() -> str:
    """Return the description: one line for each thing, in an order that does not depend on where it is defined."""
    lines: list[str] = []
    for name in _PACKAGES:
        lines += _section(name, _names(importlib.import_module(name)))
    lines += _section("what is not imported by name", (line for kind in _UNNAMED for line in _class(kind)))
    lines += _section("pytest fixtures", _fixtures(plugin))
    lines += _section("commands", _commands("stepweave", typer.main.get_command(app)))
    keys = {*Project.__dataclass_fields__, "context"} - {"root", "settings"} | KNOWN
    lines += _section("[tool.stepweave]", iter(sorted(keys)))
    lines += _section("context of the CDK", iter(sorted(KNOWN)))
    lines += _section("environment variables", iter(sorted(_variables())))
    lines += _section("messages of dead-letter queues", (line for kind in _MESSAGES for line in _model(kind)))
    lines += _section("events of circuit breakers", _breaker_event())
    return "\n".join(lines).lstrip("\n") + "\n"


def _section(title: str, lines: Iterator[str]) -> list[str]:
    return ["", f"## {title}", "", *(list(lines) or ["(none)"])]


def _names(package: ModuleType) -> Iterator[str]:
    for name in sorted(getattr(package, "__all__", ())):
        value = getattr(package, name)
        if isinstance(value, type):
            yield from _class(value, name)
        elif callable(value):
            yield f"{name}{_signature(value)}"
        else:
            yield f"{name}: {type(value).__name__}"


def _class(kind: type, name: str = "") -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in kind.__bases__ if base not in {object, Generic})
    yield f"class {name or kind.__name__}({bases})" if bases else f"class {name or kind.__name__}"
    if issubclass(kind, enum.Enum):
        yield from (f"    {member.name} = {member.value!r}" for member in kind)
        return
    if issubclass(kind, BaseModel):
        yield from _fields(kind)
    elif kind not in _UNNAMED and "__init__" in _members(kind, private=True) and not _is_protocol(kind):
        yield from (f"    {parameter}" for parameter in _parameters(kind))
    for member, value in sorted(_members(kind).items()):
        match value:
            case property():
                yield f"    {member}: {_annotation(inspect.signature(value.fget).return_annotation)}"  # type: ignore[arg-type]
            case classmethod() | staticmethod():
                yield f"    {type(value).__name__} {member}{_signature(value.__func__)}"
            case _ if inspect.isfunction(value):
                yield f"    {member}{_signature(value)}"


def _members(kind: type, *, private: bool = False) -> dict[str, object]:
    """Return what a class and those of ours that it is derived from define."""
    found: dict[str, object] = {}
    for one in reversed(kind.__mro__):
        if _is_ours(one):
            found |= {name: value for name, value in vars(one).items() if private or not name.startswith("_")}
    return found


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "stepweave"


def _model(kind: type[BaseModel]) -> Iterator[str]:
    yield kind.__name__
    yield from _fields(kind)


def _breaker_event() -> Iterator[str]:
    """Yield what an event of a transition that a person made says."""
    cause = Cause(0, "maintenance", "writer", by="ann")
    change = Transition(State.CLOSED, State.OPEN, 1, cause, 0, Change(0))
    event = change.event("name", "bus")
    yield f"{event['Source']}: {event['DetailType']}"
    yield from (f"    {key}" for key in change.detail("name"))


def _fields(kind: type[BaseModel]) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        default = "" if field.is_required() else f" = {field.get_default(call_default_factory=False)!r}"
        yield f"    {name}: {_annotation(field.annotation)}{default}"


def _is_protocol(kind: type) -> bool:
    return bool(getattr(kind, "_is_protocol", False))


def _signature(function: Any) -> str:
    returned = inspect.signature(function).return_annotation
    gives = "" if returned is inspect.Signature.empty else f" -> {_annotation(returned)}"
    return f"({', '.join(_parameters(function))}){gives}"


def _parameters(function: Any) -> Iterator[str]:
    before: object = None
    for parameter in inspect.signature(function).parameters.values():
        kind = parameter.kind
        if parameter.name in {"self", "cls"}:
            continue
        if kind is inspect.Parameter.KEYWORD_ONLY and before not in {kind, inspect.Parameter.VAR_POSITIONAL}:
            yield "*"
        before = kind
        stars = _STARS.get(kind, "")
        text = f"{stars}{parameter.name}{'/' if kind is inspect.Parameter.POSITIONAL_ONLY else ''}"
        if parameter.annotation is not parameter.empty:
            text += f": {_annotation(parameter.annotation)}"
        if parameter.default is not parameter.empty:
            text += f" = {_default(parameter.default)}"
        yield text


def _annotation(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])", "", text).replace("'", "").replace("~", "")


def _default(value: object) -> str:
    text = value.__name__ if isinstance(value, type) else repr(value)
    return "..." if " at 0x" in text or text == "<factory>" else text


def _fixtures(module: ModuleType) -> Iterator[str]:
    marked = (name for name, value in vars(module).items() if type(value).__name__ == "FixtureFunctionDefinition")
    return iter(sorted(marked))


def _commands(path: str, command: Any) -> Iterator[str]:
    yield path
    for parameter in sorted(command.params, key=lambda one: (not isinstance(one, TyperArgument), one.opts)):
        yield f"    {_parameter(parameter)}"
    if isinstance(command, TyperGroup):
        for name in sorted(command.commands):
            yield from _commands(f"{path} {name}", command.commands[name])


def _parameter(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    kind = "|".join(map(str, get_args(annotation))) or annotation.__name__.upper()
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar or kind}"
    if isinstance(parameter, TyperArgument):
        text = value.strip()
    else:
        text = ", ".join(sorted(parameter.opts, key=len)) + "".join(f" / {one}" for one in parameter.secondary_opts)
        text += value
    if parameter.multiple or parameter.nargs == -1:
        text += "..."
    if parameter.required:
        text += ", required"
    if parameter.default not in (None, False, "", ()) and not callable(parameter.default):
        text += f", default {parameter.default}"
    return text + (f", or {parameter.envvar}" if parameter.envvar else "")


def _variables() -> set[str]:
    library = Path(stepweave.__file__).parent
    sources = (file for package in _READ_BY_PEOPLE for file in (library / package).rglob("*.py"))
    return {name for file in sources for name in _VARIABLE.findall(file.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    SNAPSHOT.write_text(public_api(), encoding="utf-8")
