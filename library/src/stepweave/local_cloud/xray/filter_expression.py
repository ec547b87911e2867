"""Filter expressions: which traces somebody looks for.

Known are ``annotation.key`` and ``annotation[key]``, ``service("name")``, ``service(id(name: "n", type: "t"))`` with a
condition in braces or without, ``duration``, ``responsetime``, ``http.status``, ``http.url``, ``http.method``,
``user``, the flags ``ok``, ``error``, ``fault``, ``throttle`` and ``partial``; comparisons; ``AND``, ``OR`` and ``!``.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterable
from typing import Final

from stepweave.local_cloud.xray.trace import Service, Trace

Value = str | float | bool
Condition = Callable[[Trace], bool]

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_][\w.\-]*)|(?P<sign>!=|<=|>=|&&|\|\||[=<>!(){}\[\]:,]))""",
    re.VERBOSE,
)
_COMPARISONS: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "CONTAINS": lambda value, part: str(part) in str(value),
    "BEGINSWITH": lambda value, part: str(value).startswith(str(part)),
    "ENDSWITH": lambda value, part: str(value).endswith(str(part)),
}
_FLAGS: Final[dict[str, Condition]] = {
    "ok": lambda trace: not (trace.has("error") or trace.has("fault") or trace.has("throttle")),
    "error": lambda trace: trace.has("error"),
    "fault": lambda trace: trace.has("fault"),
    "throttle": lambda trace: trace.has("throttle"),
    "partial": lambda trace: trace.is_partial,
}
_VALUES: Final[dict[str, Callable[[Trace], Iterable[Value]]]] = {
    "duration": lambda trace: [trace.end - trace.start] if trace.segments else [],
    "responsetime": lambda trace: [trace.response_time] if trace.segments else [],
    "http.status": lambda trace: _members(trace, "http", "response", "status"),
    "http.url": lambda trace: _members(trace, "http", "request", "url"),
    "http.method": lambda trace: _members(trace, "http", "request", "method"),
    "user": lambda trace: _members(trace, "user"),
}


class FilterExpressionError(Exception):
    """The expression cannot be read; the message says where and why."""


def parse_filter(expression: str) -> Condition:
    """Read a filter expression.

    Raises
    ------
    FilterExpressionError

    Example
    -------
    >>> trace = Trace("1-0-0", ({"name": "a", "start_time": 1.0, "end_time": 3.0, "annotations": {"n": 1}},))
    >>> parse_filter("annotation.n = 1 AND duration > 1.5")(trace)
    True
    """
    return _Parser(expression).parse()


class _Parser:
    """Reads one expression, from left to right."""

    def __init__(self, expression: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, end = 0, len(expression.rstrip())
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None:
                raise FilterExpressionError(f"cannot read {expression[position:].strip()!r}")
            self._tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            position = match.end()
        self._next = 0

    def parse(self) -> Condition:
        condition = self._any()
        if self._next < len(self._tokens):
            raise FilterExpressionError(f"{self._peek()!r} was not expected")
        return condition

    def _any(self) -> Condition:
        conditions = [self._all()]
        while self._take("OR", "||"):
            conditions.append(self._all())
        return conditions[0] if len(conditions) == 1 else lambda trace: any(holds(trace) for holds in conditions)

    def _all(self) -> Condition:
        conditions = [self._one()]
        while self._take("AND", "&&"):
            conditions.append(self._one())
        return conditions[0] if len(conditions) == 1 else lambda trace: all(holds(trace) for holds in conditions)

    def _one(self) -> Condition:
        if self._take("!", "NOT"):
            inner = self._one()
            return lambda trace: not inner(trace)
        if self._take("("):
            inner = self._any()
            self._expect(")")
            return inner
        keyword = self._word()
        if keyword.lower() == "service":
            return self._service()
        if keyword.lower() in _FLAGS:
            return self._flag(_FLAGS[keyword.lower()])
        return self._comparison(self._values(keyword))

    def _flag(self, flag: Condition) -> Condition:
        for sign, wanted in (("=", True), ("!=", False)):
            if self._take(sign):
                value = self._value()
                return lambda trace: (flag(trace) == value) is wanted
        return flag

    def _service(self) -> Condition:
        self._expect("(")
        matches = self._which_service()
        self._expect(")")
        inner: Condition | None = None
        if self._take("{"):
            inner = self._any()
            self._expect("}")

        def condition(trace: Trace) -> bool:
            found = trace.of(service for service in trace.services if matches(service))
            return bool(found.segments) and (inner is None or inner(found))

        return condition

    def _which_service(self) -> Callable[[Service], bool]:
        if self._peek() == ")":
            return lambda _: True
        if not self._take("id"):
            name = self._value()
            return lambda service: service.name == name
        self._expect("(")
        wanted: dict[str, Value] = {}
        while not self._take(")"):
            key = self._word().lower()
            self._expect(":")
            wanted[key] = self._value()
            self._take(",")
        return lambda service: (
            wanted.get("name", service.name) == service.name and wanted.get("type", service.kind) == service.kind
        )

    def _values(self, keyword: str) -> Callable[[Trace], Iterable[Value]]:
        key = keyword.removeprefix("annotation.")
        if keyword == "annotation":
            self._expect("[")
            key = str(self._value(allows_word=True))
            self._expect("]")
        elif key == keyword:
            if keyword.lower() not in _VALUES:
                raise FilterExpressionError(f"the local cloud does not know the keyword {keyword!r}")
            return _VALUES[keyword.lower()]
        return lambda trace: [annotation.value for annotation in trace.annotations() if annotation.key == key]

    def _comparison(self, values: Callable[[Trace], Iterable[Value]]) -> Condition:
        sign = self._peek().upper()
        if sign not in _COMPARISONS:
            return lambda trace: any(True for _ in values(trace))
        self._next += 1
        wanted = self._value()

        def condition(trace: Trace) -> bool:
            return any(_compare(sign, value, wanted) for value in values(trace))

        return condition

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else "the end"

    def _take(self, *texts: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next][1].upper() in {text.upper() for text in texts}:
            self._next += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise FilterExpressionError(f"{text!r} was expected, not {self._peek()!r}")

    def _word(self) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != "word":
            raise FilterExpressionError(f"a keyword was expected, not {self._peek()!r}")
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _value(self, *, allows_word: bool = False) -> Value:
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        self._next += 1
        if kind == "string":
            return text[1:-1] if text[0] == "'" else str(json.loads(text))
        if kind == "number":
            return float(text)
        if kind == "word" and (allows_word or text.lower() in {"true", "false"}):
            return text if allows_word else text.lower() == "true"
        raise FilterExpressionError(f"a value was expected, not {text or 'the end'!r}")


def _compare(sign: str, value: Value, wanted: Value) -> bool:
    is_text = isinstance(value, str), isinstance(wanted, str)
    if is_text[0] != is_text[1]:
        return sign == "!="
    return _COMPARISONS[sign](value, wanted)


def _members(trace: Trace, *names: str) -> list[Value]:
    found: list[Value] = []
    for segment in trace.segments:
        value: object = segment
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str | int | float):
            found.append(value)
    return found
