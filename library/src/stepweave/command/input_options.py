"""Options of ``stepweave run`` that are named after a workflow's inputs: those that have defaults."""

import json
from collections import deque
from collections.abc import Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import JsonValue, ValidationError

from stepweave.command.errors import CommandError
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.language.inputs import InputField
from stepweave.language.workflow import Workflow


def read_options(workflow: Workflow, options: Sequence[str]) -> dict[str, JsonValue]:
    """Return what options give of a workflow's inputs, by input.

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
    known = {_option(field.name): field for field in workflow.inputs if not field.required}
    known |= {f"--no-{option[2:]}": field for option, field in known.items() if _is_flag(field)}
    given: dict[str, JsonValue] = {}
    ahead = deque(options)
    while ahead:
        option, equals, text = ahead.popleft().partition("=")
        field = known.get(option)
        if field is None:
            close = get_close_matches(option, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"see `stepweave list` for what {workflow.name} takes"
            raise CommandError(f"no such option: {option}", hint)
        if field.name in given:
            raise CommandError(f"{option} is given twice", "leave one of them out")
        if _is_flag(field) and not equals:
            given[field.name] = option == _option(field.name)
            continue
        if not equals and not ahead:
            raise CommandError(f"{option} needs a value", f"for example {option}=...")
        given[field.name] = _value(field, text if equals else ahead.popleft())
    return given


def option_of(field: InputField) -> str:
    """Return how an input is given as an option, for people."""
    return _option(field.name) if _is_flag(field) else f"{_option(field.name)} VALUE"


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _is_flag(field: InputField) -> bool:
    return field.annotation is bool or bool in get_args(field.annotation)


def _value(field: InputField, text: str) -> JsonValue:
    """Read a value as the text that it is, if the input's type takes that, else as JSON."""
    try:
        JsonType.of(field.annotation).load(text)
    except (ValidationError, NotJsonError):
        try:
            value: JsonValue = json.loads(text)
        except ValueError:
            return text  # which is refused with the reason
        return value
    return text
