"""What a target gets of an event: all of it, a part, a constant, or a text made of a template."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

from stepweave.local_cloud.events.event import Event, JsonObject
from stepweave.local_cloud.events.target import InputTransformer, Target

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\*\]|\['([^']+)'\]")
_VARIABLE: Final = re.compile(r"<([^<>\s]+)>")


class InvalidInputError(Exception):
    """The template does not make JSON of this event."""


class Missing:
    """Stands for what a path does not find."""


class Unknown:
    """Stands for what is no variable: its text stays."""


def target_input(target: Target, event: Event, rule_name: str, rule_arn: str) -> str:
    """Make what `target` gets of `event`.

    Raises
    ------
    InvalidInputError
        If a template that begins as JSON does not become JSON.

    Example
    -------
    >>> event = Event("me", "hello", {"n": 1}, "123456789012", "us-east-1")
    >>> target_input(Target("arn:aws:sqs:us-east-1:123456789012:q", input_path="$.detail"), event, "r", "arn")
    '{"n":1}'
    """
    if target.input is not None:
        return target.input
    envelope = event.to_json()
    if target.input_path is not None:
        found = value_at(envelope, target.input_path)
        return _text(None if found is Missing else found)
    if target.input_transformer is not None:
        return _transformed(target.input_transformer, envelope, rule_name, rule_arn)
    return _text(envelope)


def value_at(value: Any, path: str) -> Any:
    """Follow a JSON path of names and indices; gives a class of its own where it leads nowhere."""
    position = 1 if path.startswith("$") else 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return Missing
        position = step.end()
        name = step.group(1) or step.group(3)
        if name is not None:
            value = value.get(name, Missing) if isinstance(value, dict) else Missing
        elif not isinstance(value, list):
            return Missing
        elif step.group(2) is not None:
            value = value[int(step.group(2))] if int(step.group(2)) < len(value) else Missing
        if value is Missing:
            return Missing
    return value


def _transformed(transformer: InputTransformer, envelope: JsonObject, rule_name: str, rule_arn: str) -> str:
    values = {name: value_at(envelope, path) for name, path in transformer.paths.items()}
    values |= {
        "aws.events.rule-name": rule_name,
        "aws.events.rule-arn": rule_arn,
        "aws.events.event.ingestion-time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "aws.events.event": {name: part for name, part in envelope.items() if name != "detail"},
        "aws.events.event.json": envelope,
    }
    return filled_template(transformer.template, lambda name: values.get(name, Unknown))


def filled_template(template: str, value_of: Callable[[str], Any]) -> str:
    """Put values in place of the variables of a template.

    Parameters
    ----------
    template
        The text, with variables in angle brackets.
    value_of
        Gives the value of a variable: :class:`Missing` if it has none, :class:`Unknown` if it is none.

    Raises
    ------
    InvalidInputError
        If a template that begins as JSON does not become JSON.

    Example
    -------
    >>> filled_template('{"n": <n>, "text": "n is <n>"}', {"n": 1}.get)
    '{"n": 1, "text": "n is 1"}'
    """
    is_json = template.lstrip()[:1] in {"{", "[", '"'}
    text, position = "", 0
    for variable in _VARIABLE.finditer(template):
        value = value_of(variable.group(1))
        if value is Unknown:
            continue
        text += template[position : variable.start()]
        text += _spelt(value, is_json=is_json, is_quoted=_is_quoted(text))
        position = variable.end()
    text += template[position:]
    if template.lstrip()[:1] in {"{", "["}:
        _check_json(text)
    return text


def _spelt(value: Any, *, is_json: bool, is_quoted: bool) -> str:
    if is_json and is_quoted:
        plain = "" if value is Missing else value if isinstance(value, str) else _text(value)
        return json.dumps(plain, ensure_ascii=False)[1:-1]
    if value is Missing:
        return '""' if is_json else ""
    return value if isinstance(value, str) and not is_json else _text(value)


def _is_quoted(text: str) -> bool:
    """Tell whether what follows `text` is inside a JSON string."""
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text)) % 2 == 1


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"the input transformer's template does not make JSON: {error}") from error


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
