"""The rules of composite alarms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<test>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?P<name>\"[^\"]*\"|'[^']*'|[^\s()]+)\s*\)|(?P<word>AND|OR|NOT|TRUE|FALSE|[()]))"
)

StateOf = Callable[[str], str]
"""Gives the state of an alarm by its name or ARN."""


class AlarmRuleError(ValueError):
    """A text is no rule."""


def holds(rule: str, state_of: StateOf) -> bool:
    """Tell whether a rule holds.

    Raises
    ------
    AlarmRuleError
        If it is none.

    Example
    -------
    >>> holds('ALARM("a") AND NOT OK(b)', {"a": "ALARM", "b": "ALARM"}.__getitem__)
    True
    """
    parser = _Parser(rule, state_of)
    value = parser.either()
    if not parser.is_at_end:
        raise AlarmRuleError(f"AlarmRule: {rule[parser.position :]!r} is not expected")
    return value


def alarms_of(rule: str) -> list[str]:
    """Return the names or ARNs of the alarms that a rule speaks of. Raises `AlarmRuleError`."""
    names: list[str] = []

    def note(name: str) -> str:
        names.append(name)
        return ""

    holds(rule, note)
    return names


class _Parser:
    def __init__(self, rule: str, state_of: StateOf) -> None:
        self._rule = rule.strip()
        self._state_of = state_of
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        return self.position >= len(self._rule)

    def either(self) -> bool:
        value = self._both()
        while self._takes("OR"):
            value = self._both() or value  # both sides are read
        return value

    def _both(self) -> bool:
        value = self._one()
        while self._takes("AND"):
            value = self._one() and value
        return value

    def _one(self) -> bool:
        token = self._next()
        if token["test"]:
            return self._state_of(token["name"].strip("\"'")) == token["test"]
        match token["word"]:
            case "NOT":
                return not self._one()
            case "TRUE" | "FALSE" as word:
                return word == "TRUE"
            case "(":
                value = self.either()
                if not self._takes(")"):
                    raise AlarmRuleError("AlarmRule: a parenthesis is not closed")
                return value
        raise AlarmRuleError(f"AlarmRule: {token[0].strip()!r} is not expected")

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self._rule, self.position)
        if token is None:
            raise AlarmRuleError(f"AlarmRule: {self._rule[self.position :]!r} is not expected")
        self.position = token.end()
        return token

    def _takes(self, word: str) -> bool:
        token = _TOKEN.match(self._rule, self.position)
        if token is None or token["word"] != word:
            return False
        self.position = token.end()
        return True
