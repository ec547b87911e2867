"""Filter patterns of CloudWatch Logs: which events are meant, and the values in them.

Terms, ``?`` for alternatives, ``-`` for what must not be there, quoted phrases, ``%regular expressions%``, conditions
on JSON, and fields between spaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stepweave.local_cloud.events.target_input import Missing, value_at

_TERM: Final = re.compile(r"""([?-]?)("(?:[^"\\]|\\.)*"|%[^%]*%|[^\s"]+)""")
_TOKEN: Final = re.compile(
    r"""\s*(&&|\|\||[()]|!=|>=|<=|=|>|<|%[^%]*%|"(?:[^"\\]|\\.)*"|\$[\w.\[\]'"@\-]+|[^\s()&|=<>!"]+)"""
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_FIELD: Final = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


class PatternError(ValueError):
    """A text is no filter pattern."""


class UnsupportedPatternError(PatternError):
    """A pattern is one that is not matched here."""


@dataclass(frozen=True)
class Match:
    """A log event that matches.

    Attributes
    ----------
    document : object
        The event, if it is JSON.
    fields : mapping
        Its fields by name, if the pattern names them.
    """

    document: Any = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def value(self, path: str) -> Any:
        """Return the value at a path such as ``$.size``; None if there is none."""
        name = path.removeprefix("$").removeprefix(".")
        if name in self.fields:
            return self.fields[name]
        found = value_at(self.document, path)
        return None if found is Missing else found


Matcher = Callable[[str], Match | None]


@dataclass(frozen=True)
class FilterPattern:
    """A pattern.

    Attributes
    ----------
    match : callable
        Gives the match of a log event, or None.

    Example
    -------
    >>> pattern = FilterPattern.parse('{ $.level = "ERROR" && $.ms > 10 }')
    >>> pattern.match('{"level": "ERROR", "ms": 12}').value("$.ms")
    12
    """

    match: Matcher

    @classmethod
    def parse(cls, text: str) -> FilterPattern:
        """Read a pattern.

        Raises
        ------
        PatternError
            If it is none.
        """
        stripped = text.strip()
        if stripped.startswith("{"):
            if not stripped.endswith("}"):
                raise PatternError("a brace is not closed")
            return cls(_json_matcher(stripped[1:-1]))
        if stripped.startswith("["):
            if not stripped.endswith("]"):
                raise PatternError("a bracket is not closed")
            return cls(_field_matcher(stripped[1:-1]))
        return cls(_term_matcher(stripped))


def _term_matcher(text: str) -> Matcher:
    wanted: list[re.Pattern[str]] = []
    alternatives: list[re.Pattern[str]] = []
    unwanted: list[re.Pattern[str]] = []
    for sign, term in _TERM.findall(text):
        {"": wanted, "?": alternatives, "-": unwanted}[sign].append(_phrase(term))

    def match(message: str) -> Match | None:
        is_meant = (
            all(each.search(message) for each in wanted)
            and (not alternatives or bool(wanted) or any(each.search(message) for each in alternatives))
            and not any(each.search(message) for each in unwanted)
        )
        return _parsed(message) if is_meant else None

    return match


def _parsed(message: str) -> Match:
    try:
        return Match(json.loads(message))
    except ValueError:
        return Match()


def _phrase(term: str) -> re.Pattern[str]:
    if term.startswith("%"):
        return _expression(term)
    return re.compile(re.escape(_unquoted(term)))


def _expression(term: str) -> re.Pattern[str]:
    try:
        return re.compile(term.strip("%"))
    except re.error as error:
        raise PatternError(str(error)) from error


def _unquoted(term: str) -> str:
    return re.sub(r"\\(.)", r"\1", term[1:-1]) if term.startswith('"') else term


def _json_matcher(text: str) -> Matcher:
    tokens = _tokens(text)
    condition = _either(tokens, value_at)
    if tokens:
        raise PatternError(f"{tokens[0]!r} is not expected")

    def match(message: str) -> Match | None:
        found = _parsed(message)
        return found if isinstance(found.document, dict | list) and condition(found.document) else None

    return match


def _field_matcher(text: str) -> Matcher:
    """Fields between spaces, each with a name and perhaps a condition; ``...`` stands for any number of them."""
    names: list[str] = []
    conditions: list[Callable[[Any], bool]] = []

    def value_of(document: Any, name: str) -> Any:
        return document.get(name.removeprefix("$."), Missing)

    for part in [each.strip() for each in text.split(",")]:
        tokens = _tokens(part)
        names.append(tokens[0] if tokens else "")
        if len(tokens) > 1:
            for index, token in enumerate(tokens):
                if token == names[-1]:
                    tokens[index] = f"$.{token}"
            conditions.append(_either(tokens, value_of))

    def match(message: str) -> Match | None:
        fields = [each.strip('"[]') for each in _FIELD.findall(message)]
        if "..." in names:
            at = names.index("...")
            after = len(names) - at - 1
            if len(fields) < len(names) - 1:
                return None
            fields = [*fields[:at], "", *(fields[len(fields) - after :] if after else [])]
        if len(fields) != len(names):
            return None
        found = dict(zip(names, fields, strict=True))
        return Match(fields=found) if all(condition(found) for condition in conditions) else None

    return match


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise PatternError(f"{text[position:]!r} is not expected")
        tokens.append(token[1])
        position = token.end()
    return tokens


Condition = Callable[[Any], bool]
ValueOf = Callable[[Any, str], Any]


def _either(tokens: list[str], value_of: ValueOf) -> Condition:
    condition = _both(tokens, value_of)
    while tokens and tokens[0] == "||":
        del tokens[0]
        condition = _any_of(condition, _both(tokens, value_of))
    return condition


def _any_of(left: Condition, right: Condition) -> Condition:
    return lambda document: left(document) or right(document)


def _all_of(left: Condition, right: Condition) -> Condition:
    return lambda document: left(document) and right(document)


def _both(tokens: list[str], value_of: ValueOf) -> Condition:
    condition = _one(tokens, value_of)
    while tokens and tokens[0] == "&&":
        del tokens[0]
        condition = _all_of(condition, _one(tokens, value_of))
    return condition


def _one(tokens: list[str], value_of: ValueOf) -> Condition:
    if not tokens:
        raise PatternError("a condition is missing")
    path = tokens.pop(0)
    if path == "(":
        condition = _either(tokens, value_of)
        if not tokens or tokens.pop(0) != ")":
            raise PatternError("a parenthesis is not closed")
        return condition
    if not path.startswith("$") or not tokens:
        raise PatternError(f"{path!r} is not expected")
    word = tokens.pop(0)
    if word.upper() == "NOT" and tokens and tokens[0].upper() == "EXISTS":
        del tokens[0]
        return lambda document: value_of(document, path) is Missing
    if word.upper() == "EXISTS":
        return lambda document: value_of(document, path) is not Missing
    if not tokens:
        raise PatternError(f"{word!r} is not expected")
    given = tokens.pop(0)
    if word.upper() == "IS":
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}
        if given.upper() not in wanted:
            raise PatternError(f"{given!r} is not expected")
        return lambda document: value_of(document, path) is wanted[given.upper()]
    return _comparison(word, given, lambda document: value_of(document, path))


def _comparison(sign: str, given: str, value: Callable[[Any], Any]) -> Condition:
    test: Callable[[Any], bool]
    if given.startswith("%"):
        expression = _expression(given)

        def test(found: Any) -> bool:
            return isinstance(found, str) and expression.search(found) is not None
    elif _NUMBER.fullmatch(given) and not given.startswith('"'):
        number = float(given)
        if sign not in {"=", "!="}:
            return lambda document: _compares(sign, value(document), number)

        def test(found: Any) -> bool:
            return _number(found) == number
    else:
        pattern = re.compile(".*".join(re.escape(part) for part in _unquoted(given).split("*")), re.DOTALL)

        def test(found: Any) -> bool:
            return isinstance(found, str) and pattern.fullmatch(found) is not None

    if sign == "=":
        return lambda document: value(document) is not Missing and test(value(document))
    if sign == "!=":
        return lambda document: value(document) is not Missing and not test(value(document))
    raise PatternError(f"{sign!r} compares numbers, not {given!r}")


def _number(found: Any) -> float | None:
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        return float(found)
    except ValueError:
        return None


def _compares(sign: str, found: Any, number: float) -> bool:
    value = _number(found)
    if value is None:
        return False
    return {"<": value < number, "<=": value <= number, ">": value > number, ">=": value >= number}[sign]
