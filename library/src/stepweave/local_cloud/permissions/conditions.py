"""The condition operators of policies.

A key that a request does not have makes a condition false; those that ask for a difference, ``...IfExists`` and
``ForAllValues`` are true then, and ``ForAnyValue`` is false.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from typing import Any, Final

from stepweave.local_cloud.permissions.wildcards import Context, arn_matches, matches, pattern_with, plain

_IF_EXISTS: Final = "IfExists"

Test = Callable[[str, str], bool]
"""Whether a policy's value, the first, matches a request's."""


class UnknownOperatorError(ValueError):
    """AWS knows no such operator."""


class Quantifier(StrEnum):
    """Which of a request's values must match."""

    ANY = "ForAnyValue"
    ALL = "ForAllValues"


@dataclass(frozen=True)
class Operator:
    """What compares a request's values with those of a policy.

    Attributes
    ----------
    test : Callable
        Compares two values.
    is_negated : bool
        Whether it is true where none of the policy's values matches.
    quantifier : Quantifier or None
        For keys with many values.
    if_exists : bool
        Whether it is true where the request lacks the key.
    is_null : bool
        Whether it asks for the key itself.
    """

    test: Test
    is_negated: bool = False
    quantifier: Quantifier | None = None
    if_exists: bool = False
    is_null: bool = False


@dataclass(frozen=True)
class Condition:
    """One operator, key, and the values that a policy gives."""

    operator: Operator
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context, *, has_variables: bool) -> bool:
        """Tell whether it holds for a request."""
        given = context.get(self.key)
        if self.operator.is_null:
            return any((value.lower() == "true") is not bool(given) for value in self.values)
        if not given:
            return _without_key(self.operator)
        filled = [pattern_with(value, context, has_variables=has_variables) for value in self.values]
        wanted = [value for value in filled if value is not None]
        test, is_negated = self.operator.test, self.operator.is_negated
        found = (any(test(value, one) for value in wanted) is not is_negated for one in given)
        # Without a quantifier, one value that a policy excludes is enough to exclude the request.
        every = self.operator.quantifier is Quantifier.ALL or (self.operator.quantifier is None and is_negated)
        return all(found) if every else any(found)


def conditions_of(block: Mapping[str, Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Return the conditions of a statement, all of which must hold.

    Raises
    ------
    UnknownOperatorError
        If AWS knows no such operator.
    """
    return tuple(
        Condition(_operator(name), key.lower(), tuple(map(_text, value if isinstance(value, list) else [value])))
        for name, keys in block.items()
        for key, value in keys.items()
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_key(operator_: Operator) -> bool:
    if operator_.quantifier is not None:
        return operator_.quantifier is Quantifier.ALL or operator_.if_exists
    return operator_.is_negated or operator_.if_exists


def _operator(name: str) -> Operator:
    quantifier, _, rest = name.rpartition(":")
    base = rest.removesuffix(_IF_EXISTS)
    if base == "Null":
        return Operator(operator.eq, is_null=True)
    test = _TESTS.get(base)
    is_negated = test is None
    if test is None:
        test = _TESTS.get(_POSITIVE.get(base, ""))
    if test is None or quantifier not in {"", *Quantifier}:
        raise UnknownOperatorError(f"{name} is no condition operator")
    return Operator(test, is_negated, Quantifier(quantifier) if quantifier else None, rest != base)


def _string(wanted: str, given: str) -> bool:
    return plain(wanted) == given


def _string_ignoring_case(wanted: str, given: str) -> bool:
    return plain(wanted).casefold() == given.casefold()


def _numbers(compare: Callable[[Decimal, Decimal], bool], wanted: str, given: str) -> bool:
    try:
        return compare(Decimal(given), Decimal(plain(wanted)))
    except InvalidOperation:
        return False


def _dates(compare: Callable[[float, float], bool], wanted: str, given: str) -> bool:
    try:
        return compare(_seconds(given), _seconds(plain(wanted)))
    except ValueError:
        return False


def _seconds(text: str) -> float:
    """The seconds of a time in the form of ISO 8601, or as a number."""
    if text.replace(".", "", 1).isdigit() and len(text) > len("2026"):
        return float(text)
    time = datetime.datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()


def _binary(wanted: str, given: str) -> bool:
    try:
        return base64.b64decode(plain(wanted), validate=True) == base64.b64decode(given, validate=True)
    except binascii.Error:
        return False


def _address(wanted: str, given: str) -> bool:
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(plain(wanted), strict=False)
    except ValueError:
        return False


_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_TESTS: Final[Mapping[str, Test]] = {
    "StringEquals": _string,
    "StringEqualsIgnoreCase": _string_ignoring_case,
    "StringLike": matches,
    **{f"Numeric{name}": partial(_numbers, compare) for name, compare in _ORDERS.items()},
    **{f"Date{name}": partial(_dates, compare) for name, compare in _ORDERS.items()},
    "Bool": _string_ignoring_case,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
}
_POSITIVE: Final[Mapping[str, str]] = {
    "NotIpAddress": "IpAddress",
    **{
        f"{kind}Not{rest}": f"{kind}{rest}"
        for kind, rest in (
            ("String", "Equals"),
            ("String", "EqualsIgnoreCase"),
            ("String", "Like"),
            ("Numeric", "Equals"),
            ("Date", "Equals"),
            ("Arn", "Equals"),
            ("Arn", "Like"),
        )
    },
}
