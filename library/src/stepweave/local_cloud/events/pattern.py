"""Event patterns: which events a rule, a pipe or an event source mapping wants.

The model is that of AWS's Event Ruler: an event is the list of its leaves, each at a path of names joined by dots; a
pattern says of some paths which leaves it wants, and of elements of arrays, that all leaves come from one element.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LOWER: Final = (">", ">=")
_UPPER: Final = ("<", "<=")
_OR: Final = "$or"

Test = Callable[[Any], bool]
"""Tells whether a leaf is wanted."""


class InvalidPatternError(ValueError):
    """AWS would refuse the pattern; the text is its reason."""


@dataclass(frozen=True)
class _Leaf:
    """A value of an event, and for each array that it is in, which element."""

    value: Any
    elements: Mapping[str, int]


@dataclass(frozen=True)
class _Rule:
    """What is wanted at a path: a leaf that passes a test, or, if `is_absence`, that there is none."""

    test: Test
    is_absence: bool = False


_Alternative = dict[str, list[_Rule]]


class EventPattern:
    """A pattern.

    Parameters
    ----------
    pattern
        The JSON object.

    Raises
    ------
    InvalidPatternError
        If AWS would refuse it.

    Example
    -------
    >>> EventPattern({"detail": {"state": [{"prefix": "run"}, None]}}).matches({"detail": {"state": "running"}})
    True
    """

    def __init__(self, pattern: Any) -> None:
        if not isinstance(pattern, dict):
            raise InvalidPatternError("Filter is not an object")
        self._alternatives = _alternatives(pattern, "")

    @classmethod
    def parse(cls, text: str) -> EventPattern:
        """Read a pattern from JSON text."""
        try:
            return cls(json.loads(text))
        except json.JSONDecodeError as error:
            raise InvalidPatternError(f"{error.msg} at line {error.lineno}, column {error.colno}") from error

    def matches(self, event: Any) -> bool:
        """Tell whether an event is wanted."""
        leaves: dict[str, list[_Leaf]] = {}
        for path, leaf in _leaves(event, "", {}):
            leaves.setdefault(path, []).append(leaf)
        return any(_matches(list(alternative.items()), leaves, {}) for alternative in self._alternatives)


def _matches(
    wanted: list[tuple[str, list[_Rule]]], leaves: dict[str, list[_Leaf]], elements: Mapping[str, int]
) -> bool:
    """Tell whether there is a leaf for each path, all from the same elements of arrays."""
    if not wanted:
        return True
    (path, rules), *others = wanted
    found = leaves.get(path, [])
    if not found and any(rule.is_absence for rule in rules):
        return _matches(others, leaves, elements)
    for leaf in found:
        is_consistent = all(elements.get(array, index) == index for array, index in leaf.elements.items())
        is_wanted = is_consistent and any(not rule.is_absence and rule.test(leaf.value) for rule in rules)
        if is_wanted and _matches(others, leaves, {**elements, **leaf.elements}):
            return True
    return False


def _leaves(value: Any, path: str, elements: Mapping[str, int]) -> Iterator[tuple[str, _Leaf]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name), elements)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, path, {**elements, path: index} if isinstance(item, dict) else elements)
    else:
        yield path, _Leaf(value, elements)


def _alternatives(pattern: Mapping[str, Any], prefix: str) -> list[_Alternative]:
    """Return the ways to match a pattern, of which one is enough."""
    choices: list[list[_Alternative]] = []
    for name, wanted in pattern.items():
        path = f"{prefix}.{name}" if prefix else name
        if name == _OR and isinstance(wanted, list) and len(wanted) > 1 and all(isinstance(x, dict) for x in wanted):
            choices.append([each for way in wanted for each in _alternatives(way, prefix)])
        elif isinstance(wanted, dict):
            if not wanted:
                raise InvalidPatternError("Empty objects are not allowed")
            choices.append(_alternatives(wanted, path))
        elif not isinstance(wanted, list):
            raise InvalidPatternError(f'"{name}" must be an object or an array')
        elif not wanted:
            raise InvalidPatternError("Empty arrays are not allowed")
        else:
            choices.append([{path: [_rule(each) for each in wanted]}])
    ways: list[_Alternative] = []
    for chosen in itertools.product(*choices):
        way: _Alternative = {}
        for part in chosen:
            way |= part
        ways.append(way)
    return ways


def _rule(wanted: Any) -> _Rule:
    if isinstance(wanted, list):
        raise InvalidPatternError("Match value must be String, number, true, false, or null")
    if not isinstance(wanted, dict):
        return _Rule(lambda value: _is_same(value, wanted))
    if len(wanted) != 1:
        raise InvalidPatternError("Only one key allowed in match expression")
    ((kind, argument),) = wanted.items()
    if kind == "exists":
        if not isinstance(argument, bool):
            raise InvalidPatternError("exists match pattern must be either true or false.")
        return _Rule(lambda _: True, is_absence=not argument)
    if kind not in _KINDS:
        raise InvalidPatternError(f"Unrecognized match type {kind}")
    return _Rule(_KINDS[kind](argument))


def _is_same(value: Any, wanted: Any) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _affix(kind: str, argument: Any) -> Test:
    if isinstance(argument, dict) and list(argument) == ["equals-ignore-case"]:
        folded = _string(argument["equals-ignore-case"], "equals-ignore-case").lower()
        return lambda value: isinstance(value, str) and _has(kind, value.lower(), folded)
    text = _string(argument, kind)
    return lambda value: isinstance(value, str) and _has(kind, value, text)


def _has(kind: str, value: str, affix: str) -> bool:
    return value.startswith(affix) if kind == "prefix" else value.endswith(affix)


def _equals_ignore_case(argument: Any) -> Test:
    folded = _string(argument, "equals-ignore-case").lower()
    return lambda value: isinstance(value, str) and value.lower() == folded


def _wildcard(argument: Any) -> Test:
    text = _string(argument, "wildcard")
    parts = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    for position, pair in enumerate(itertools.pairwise(parts)):
        if pair == ("*", "*"):
            raise InvalidPatternError(f"Consecutive wildcard characters at pos {position + 1}")
    if parts.count("*") > 4 and len(set(re.split(r"(?<!\\)\*", text)[1:-1])) < parts.count("*") - 1:
        raise InvalidPatternError(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
            "wildcard character"
        )
    compiled = re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _numeric(argument: Any) -> Test:
    if not isinstance(argument, list):
        raise InvalidPatternError("Value of numeric must be an array.")
    tests = _comparisons(argument)
    return lambda value: (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and all(_COMPARISONS[name](value, bound) for name, bound in tests)
    )


def _comparisons(argument: list[Any]) -> list[tuple[str, float]]:
    """Return the comparisons that a list spells: one, or a lower bound and an upper one."""
    first, *others = argument or ["]"]
    if not isinstance(first, str) or first == "]":
        raise InvalidPatternError(f"Invalid member in numeric match: {first}")
    if first not in _COMPARISONS:
        raise InvalidPatternError(f"Unrecognized numeric range operator: {first}")
    tests = [(first, _bound("equals" if first == "=" else first, others[:1]))]
    if len(others) == 1:
        return tests
    if first not in _LOWER:
        raise InvalidPatternError("Too many elements in numeric expression")
    second, *bounds = others[1:]
    if not isinstance(second, str):
        raise InvalidPatternError(f"Bad value in numeric range: {second}")
    if second not in _UPPER:
        raise InvalidPatternError(f"Bad numeric range operator: {second}")
    tests.append((second, _bound(second, bounds[:1])))
    if len(bounds) > 1:
        raise InvalidPatternError("Too many terms in numeric range expression")
    if tests[0][1] >= tests[1][1]:
        raise InvalidPatternError("Bottom must be less than top")
    return tests


def _bound(name: str, given: list[Any]) -> float:
    if not given or isinstance(given[0], bool) or not isinstance(given[0], int | float):
        raise InvalidPatternError(f"Value of {name} must be numeric")
    return given[0]


def _cidr(argument: Any) -> Test:
    address, slash, bits = _string(argument, "prefix").partition("/")
    if not slash or "/" in bits:
        raise InvalidPatternError("Malformed CIDR, one '/' required")
    if not bits.isdigit():
        raise InvalidPatternError("Malformed CIDR, mask bits must be an integer")
    try:
        network = ipaddress.ip_network(argument, strict=False)
    except ValueError as error:
        raise InvalidPatternError(f"Nonstandard IP address: {address}") from error

    def is_within(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return is_within


def _anything_but(argument: Any) -> Test:
    if isinstance(argument, dict) and len(argument) == 1:
        ((kind, given),) = argument.items()
        return _nothing_of(kind, given)
    unwanted = argument if isinstance(argument, list) else [argument]
    if any(isinstance(each, bool) or not isinstance(each, str | int | float) for each in unwanted):
        if isinstance(argument, list):
            raise InvalidPatternError("Inside anything but list, start|null|boolean is not supported.")
        raise InvalidPatternError("Value of anything-but must be an array or single string/number value.")
    return lambda value: not any(_is_same(value, each) for each in unwanted)


def _nothing_of(kind: str, given: Any) -> Test:
    """Return the test that no test of a kind passes."""
    arguments = given if isinstance(given, list) else [given]
    if kind not in {"prefix", "suffix", "equals-ignore-case", "wildcard"}:
        raise InvalidPatternError(f"Unsupported anything-but pattern: {kind}")
    if isinstance(given, dict):
        raise InvalidPatternError("Value of anything-but must be an array or single string/number value.")
    if not all(isinstance(each, str) for each in arguments):
        name = "wildcard" if kind == "wildcard" else "prefix/suffix"
        if kind == "equals-ignore-case":
            message = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
            raise InvalidPatternError(message)
        raise InvalidPatternError(f"{name} match pattern must be a string")
    if kind in {"prefix", "suffix"} and not all(arguments):
        raise InvalidPatternError("Null prefix/suffix not allowed")
    tests = [_KINDS[kind](each) for each in arguments]
    return lambda value: not any(test(value) for test in tests)


def _string(argument: Any, kind: str) -> str:
    if not isinstance(argument, str):
        raise InvalidPatternError(f"{kind} match pattern must be a string")
    return argument


_KINDS: Final[dict[str, Callable[[Any], Test]]] = {
    "prefix": lambda argument: _affix("prefix", argument),
    "suffix": lambda argument: _affix("suffix", argument),
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
