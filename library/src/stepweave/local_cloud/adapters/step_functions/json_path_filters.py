"""The conditions in ``[?(...)]`` of a JSONPath."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any, Final

Condition = Callable[[Any, Any], bool]
"""Takes an item and the document."""
Operand = Callable[[Any, Any], Any]
Query = Callable[[Any], list[Any]]

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<operator>&&|\|\||==|!=|<=|>=|=~|<|>|!|\(|\))
    |(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<regex>/(?:\\.|[^/\\])*/[ims]*)
    |(?P<path>[@$](?:\.\.?[\w*-]+|\[(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\]'"])*\])*)
    |(?P<list>\[(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\]'"])*\])
    |(?P<word>\w+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_MISSING: Final = object()
_WORDS: Final = {"true": True, "false": False, "null": None}
_ORDERS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _ordered(order: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        comparable = (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        return comparable and order(left, right)

    return compare


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and any(_equal(item, right) for item in left)


def _in(left: Any, right: Any) -> bool:
    return _contains(right, left) if isinstance(right, list) else False


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "=~": lambda left, right: isinstance(left, str) and right.fullmatch(left) is not None,
    "in": _in,
    "nin": lambda left, right: not _in(left, right),
    "contains": _contains,
    "anyof": lambda left, right: isinstance(left, list) and any(_in(item, right) for item in left),
    "noneof": lambda left, right: isinstance(left, list) and not any(_in(item, right) for item in left),
    "subsetof": lambda left, right: isinstance(left, list) and all(_in(item, right) for item in left),
    "size": lambda left, right: isinstance(left, list | str) and len(left) == right,
    "empty": lambda left, right: isinstance(left, list | str) and (not left) is right,
    **{sign: _ordered(order) for sign, order in _ORDERS.items()},
}


class FilterParser:
    """Parses one condition.

    Parameters
    ----------
    text
        What stands between the parentheses of ``[?(...)]``.
    query_of
        Parses a path that begins with ``$``, and gives what finds all that it leads to, and whether it can only lead
        to one value.
    """

    def __init__(self, text: str, query_of: Callable[[str], tuple[Query, bool]]) -> None:
        self._query_of = query_of
        self._tokens: list[tuple[str, str]] = []
        rest = text.strip()
        while rest:
            found = _TOKEN.match(rest)
            if found is None or found.lastgroup is None:
                raise ValueError(f"cannot read the filter at {rest!r}")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            rest = rest[found.end() :].lstrip()

    def parse(self) -> Condition:
        """Return the condition.

        Raises
        ------
        ValueError
            If it is none.
        """
        condition = self._any()
        if self._tokens:
            raise ValueError(f"cannot read the filter at {self._tokens[0][1]!r}")
        return condition

    def _takes(self, *texts: str) -> str | None:
        if self._tokens and self._tokens[0][0] in {"operator", "word"} and self._tokens[0][1].lower() in texts:
            return self._tokens.pop(0)[1].lower()
        return None

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._takes("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda item, root: any(part(item, root) for part in parts)

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._takes("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda item, root: all(part(item, root) for part in parts)

    def _one(self) -> Condition:
        if self._takes("!"):
            inner = self._one()
            return lambda item, root: not inner(item, root)
        if self._takes("("):
            inner = self._any()
            if not self._takes(")"):
                raise ValueError("a parenthesis of the filter is not closed")
            return inner
        left = self._operand()
        sign = self._takes(*_COMPARISONS)
        if sign is None:
            return lambda item, root: left(item, root) is not _MISSING
        compare, right = _COMPARISONS[sign], self._operand()
        return lambda item, root: compare(left(item, root), right(item, root))

    def _operand(self) -> Operand:
        if not self._tokens:
            raise ValueError("the filter lacks an operand")
        kind, text = self._tokens.pop(0)
        if kind == "path":
            return self._path(text)
        value: Any
        if kind == "regex":
            body, _, flags = text[1:].rpartition("/")
            value = re.compile(body, sum(_FLAGS[flag] for flag in flags))
        elif kind == "number":
            value = json.loads(text)
        elif kind == "text":
            value = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind == "list":
            value = json.loads(re.sub(r"'((?:\\.|[^'\\])*)'", lambda quoted: json.dumps(quoted[1]), text))
        elif kind == "word":
            value = _WORDS.get(text, text)  # a word without quotation marks is text, as in AWS's own samples
        else:
            raise ValueError(f"cannot read the filter at {text!r}")
        return lambda item, root: value  # noqa: ARG005 - a constant

    def _path(self, text: str) -> Operand:
        query, is_definite = self._query_of("$" + text[1:])
        is_of_item = text.startswith("@")

        def operand(item: Any, root: Any) -> Any:
            found = query(item if is_of_item else root)
            if not is_definite:
                return found
            return found[0] if found else _MISSING

        return operand
