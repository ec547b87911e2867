"""Evaluates paths, payload templates and intrinsic functions, as far as the JSONPath dialect uses them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator

from pydantic import JsonValue

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']*)'\]|\[(\d+)\]")
_TOKEN = re.compile(
    r"\s*(?:(States\.\w+)\(|('(?:\\.|[^'\\])*')|(\$[^\s,()]*(?:\['[^']*'\][^\s,()]*)*)|([\w.+-]+)|([,)]))"
)


class ExpressionError(Exception):
    """An expression that cannot be evaluated: Step Functions would end the execution with ``States.Runtime``."""


def render(template: JsonValue, document: JsonValue, context: JsonValue) -> JsonValue:
    """Fill in a payload template: each field whose name ends in ``.$`` is evaluated."""
    if isinstance(template, list):
        return [render(item, document, context) for item in template]
    if not isinstance(template, dict):
        return template
    filled: dict[str, JsonValue] = {}
    for key, value in template.items():
        if key.endswith(".$"):
            if not isinstance(value, str):
                raise ExpressionError(f"the field {key!r} holds no expression")
            filled[key.removesuffix(".$")] = evaluate(value, document, context)
        else:
            filled[key] = render(value, document, context)
    return filled


def evaluate(expression: str, document: JsonValue, context: JsonValue) -> JsonValue:
    """Evaluate a path or a call of an intrinsic function."""
    if not expression.startswith("States."):
        return read(expression, document, context)
    tokens = deque(_tokens(expression))
    value = _value(tokens, document, context)
    if tokens:
        raise ExpressionError(f"{expression}: something follows its end")
    return value


def read(path: str, document: JsonValue, context: JsonValue) -> JsonValue:
    """Return what a path leads to, in the context object if it starts with ``$$``."""
    value = context if path.startswith("$$") else document
    for key in _keys(path):
        try:
            value = value[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError) as error:
            raise ExpressionError(f"the path {path} leads nowhere") from error
    return value


def write(document: JsonValue, path: str | None, value: JsonValue) -> JsonValue:
    """Return the document with a value put at a ``ResultPath``; None drops the value."""
    if path is None:
        return document
    keys = list(_keys(path))
    if not keys:
        return value
    if not isinstance(document, dict) or len(keys) > 1:
        raise ExpressionError(f"nothing can be put at {path}")
    return {**document, str(keys[0]): value}


def _keys(path: str) -> Iterator[str | int]:
    rest = path.lstrip("$")
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ExpressionError(f"{path} is no path")
        plain, quoted, number = step.groups()
        yield plain or quoted if number is None else int(number)
        rest = rest[step.end() :]


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ExpressionError(f"{text}: cannot be read from character {position}")
        position = token.end()
        yield token


def _value(tokens: deque[re.Match[str]], document: JsonValue, context: JsonValue) -> JsonValue:
    function, text, path, word, mark = tokens.popleft().groups()
    if function:
        arguments: list[JsonValue] = []
        while tokens and tokens[0].group(5) != ")":
            if arguments:
                tokens.popleft()  # the comma
            arguments.append(_value(tokens, document, context))
        tokens.popleft()
        return _call(function, arguments)
    if text:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if path:
        return read(path, document, context)
    if word:
        return json.loads(word)  # type: ignore[no-any-return]
    raise ExpressionError(f"a value is missing before {mark!r}")


def _call(function: str, arguments: list[JsonValue]) -> JsonValue:
    match function, arguments:
        case "States.Array", _:
            return arguments
        case "States.ArrayGetItem", [list(items), int(position)]:
            return items[position]
        case "States.StringSplit", [str(text), str(separators)]:
            return re.split(f"[{re.escape(separators)}]", text)
        case "States.StringToJson", [str(text)]:
            return json.loads(text)  # type: ignore[no-any-return]
        case "States.JsonToString", [value]:
            return json.dumps(value, separators=(",", ":"))
        case "States.Format", [str(template), *values]:
            parts = template.split("{}")
            if len(parts) != len(values) + 1:
                raise ExpressionError(f"{template!r} has not as many places as there are values")
            return parts[0] + "".join(f"{value}{part}" for value, part in zip(values, parts[1:], strict=True))
    raise ExpressionError(f"{function} is not known")
