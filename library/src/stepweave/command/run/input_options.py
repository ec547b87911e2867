"""Options of ``stepweave run`` that are named after a workflow's inputs."""

import types
from collections import deque
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Final, Literal, Union, get_args, get_origin

from pydantic import JsonValue, ValidationError

from stepweave.command.errors import CommandError
from stepweave.command.json_input import read_json
from stepweave.contract.argument import argument_of
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.language.inputs import InputField
from stepweave.language.workflow import Workflow

OWN_OPTIONS: Final = frozenset(
    {
        "--aws", "--dag", "--endpoint-url", "--environment", "--help", "--input", "--json", "--local", "--name",
        "--reports", "--shorten-ids", "--time-scale",
    }
)  # fmt: skip
"""The command's own options: an input of such a name is given by ``--input``."""

_PLAIN: Final = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


def read_options(workflow: Workflow, options: Sequence[str]) -> dict[str, JsonValue]:
    """Return what options give of a workflow's inputs, by input.

    An input whose type has an ``argument`` has the word that was given; it is to be prepared.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    options : Sequence[str]
        The arguments that are no options of the command's own: ``--depth 3``, ``--depth=3``, ``--isolated`` or
        ``--no-isolated``.

    Raises
    ------
    CommandError
        If an option is unknown, given twice, or lacks its value.
    """
    named = {_option(field.name): field for field in workflow.inputs}
    # What is called as a flag's negation would be is the other input.
    known = {f"--no-{option[2:]}": field for option, field in named.items() if _is_flag(field)} | named
    given: dict[str, JsonValue] = {}
    ahead = deque(options)
    while ahead:
        option, equals, text = ahead.popleft().partition("=")
        field = known.get(option)
        if field is None:
            raise _unknown(workflow, option, known)
        if field.name in given:
            raise CommandError(f"{option} is given twice", "leave one of them out")
        if _is_flag(field) and not equals:
            given[field.name] = option == _option(field.name)
            continue
        if not equals and not ahead:
            raise CommandError(f"{option} needs a value", f"for example {option}=...")
        given[field.name] = _value(field, text if equals else ahead.popleft())
    return given


def usage_of(field: InputField) -> str:
    """Return how an input is given, for people: ``--depth INTEGER``.

    Example
    -------
    >>> usage_of(InputField("depth", int)), usage_of(InputField("name", str))
    ('--depth INTEGER', '--input \\'{"name": ...}\\'')
    """
    option = _option(field.name)
    if option in OWN_OPTIONS:
        return f"--input '{{\"{field.name}\": ...}}'"
    return option if _is_flag(field) else f"{option} {_metavar(field.annotation)}"


def _unknown(workflow: Workflow, option: str, known: dict[str, InputField]) -> CommandError:
    if not option.startswith("-"):
        return CommandError(f"unexpected argument: {option}", "inputs are given as options: --NAME VALUE")
    close = get_close_matches(option, [*known, *OWN_OPTIONS], n=1)
    hint = f"did you mean {close[0]}?" if close else f"see `stepweave run {workflow.name} --help`"
    return CommandError(f"no such option: {option}", hint)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _is_flag(field: InputField) -> bool:
    return field.annotation is bool or bool in get_args(field.annotation)


def _metavar(annotation: object) -> str:
    argument = argument_of(annotation)
    if argument is not None:
        return argument.metavar
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _metavar(members[0])
    if origin in (Union, types.UnionType):
        return "|".join(dict.fromkeys(_metavar(one) for one in members if one is not type(None)))
    if origin is Literal and all(isinstance(one, str) for one in members):
        return "|".join(members)
    return _PLAIN.get(annotation, "JSON") if isinstance(annotation, type) else "JSON"


def _value(field: InputField, text: str) -> JsonValue:
    """Read a value as the text that it is, if the input's type takes that, else as JSON."""
    if argument_of(field.annotation) is not None:
        return text
    try:
        JsonType.of(field.annotation).load(text)
    except (ValidationError, NotJsonError):
        if text.lstrip()[:1] in {"{", "["}:
            return read_json(text, _option(field.name))
        try:
            return read_json(text, _option(field.name))
        except CommandError:
            return text  # which is refused with the reason
    return text
