"""The parameters of a stack: given, defaulted, checked and looked up.

Upstream defects: no constraint is checked, a parameter that is not in the template is passed over, and the parameter
of Systems Manager that is not there ends in an ``AttributeError``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.cloudformation.exceptions import ValidationError

_FROM_SSM: Final = "AWS::SSM::Parameter::Value<"
HIDDEN: Final = "****"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a stack.

    Attributes
    ----------
    given
        What it was given, or its default: for one that is looked up, the name of what is read.
    value
        What ``Ref`` gives: a string, or a list of them.
    looked_up
        Whether it was read from the Parameter Store.
    hidden
        Whether nobody may see it.
    """

    given: str
    value: str | list[str]
    looked_up: bool = False
    hidden: bool = False

    def description(self, name: str) -> dict[str, str]:
        """Return it as ``DescribeStacks`` shows it."""
        shown = {"ParameterKey": name, "ParameterValue": HIDDEN if self.hidden else self.given}
        if self.looked_up:
            value = self.value if isinstance(self.value, str) else ",".join(self.value)
            shown["ResolvedValue"] = HIDDEN if self.hidden else value
        return shown


def stack_parameters(
    declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], read_parameter: Callable[[str], str | None]
) -> dict[str, Parameter]:
    """Return the parameters of a stack.

    Parameters
    ----------
    declared
        The template's ``Parameters``.
    given
        By name, what was given.
    read_parameter
        Reads a parameter of Systems Manager; None if it does not exist.

    Raises
    ------
    ValidationError
        In AWS's words, if one is missing, unknown or not allowed.
    """
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = sorted(name for name, slot in declared.items() if name not in given and "Default" not in slot)
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    found = {
        name: _parameter(name, slot, _text(given.get(name, slot.get("Default"))), read_parameter)
        for name, slot in declared.items()
    }
    absent = [one.given for one in found.values() if one.value == [] and one.looked_up]
    if absent:
        raise ValidationError(
            message=f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account."
        )
    return found


def _parameter(
    name: str, slot: Mapping[str, Any], given: str, read_parameter: Callable[[str], str | None]
) -> Parameter:
    kind, hidden = str(slot.get("Type", "String")), _text(slot.get("NoEcho", False)) == "true"
    _check(name, kind, slot, given)
    if not kind.startswith(_FROM_SSM):
        return Parameter(given, _split(given) if _is_list(kind) else given, hidden=hidden)
    value = read_parameter(given)
    if value is None:
        return Parameter(given, [], looked_up=True)
    listed = _is_list(kind.removeprefix(_FROM_SSM).removesuffix(">"))
    return Parameter(given, _split(value) if listed else value, looked_up=True, hidden=hidden)


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _split(value: str) -> list[str]:
    return [item.strip() for item in value.split(",")] if value else []


def _check(name: str, kind: str, slot: Mapping[str, Any], given: str) -> None:
    items = _split(given) if _is_list(kind) else [given]
    told = slot.get("ConstraintDescription")
    if kind in {"Number", "List<Number>"}:
        for item in items:
            try:
                float(item)
            except ValueError as error:
                raise ValidationError(message=f"Parameter '{name}' must be a number.") from error
    allowed = [_text(value) for value in slot.get("AllowedValues", [])]
    limits: tuple[tuple[str, Callable[[str], bool], str], ...] = (
        ("AllowedValues", lambda item: item in allowed, f"must be one of AllowedValues: [{', '.join(allowed)}]"),
        (
            "AllowedPattern",
            lambda item: re.fullmatch(str(slot["AllowedPattern"]), item) is not None,
            f"must match pattern {slot.get('AllowedPattern')}",
        ),
        (
            "MinLength",
            lambda item: len(item) >= int(slot["MinLength"]),
            f"must contain at least {slot.get('MinLength')} characters",
        ),
        (
            "MaxLength",
            lambda item: len(item) <= int(slot["MaxLength"]),
            f"must contain at most {slot.get('MaxLength')} characters",
        ),
        (
            "MinValue",
            lambda item: float(item) >= float(slot["MinValue"]),
            f"must be a number not less than {slot.get('MinValue')}",
        ),
        (
            "MaxValue",
            lambda item: float(item) <= float(slot["MaxValue"]),
            f"must be a number not greater than {slot.get('MaxValue')}",
        ),
    )
    for constraint, holds, reason in limits:
        if constraint in slot and not all(holds(item) for item in items):
            refused = f"Parameter '{name}' {reason}" if told is None else f"Parameter {name} failed to satisfy: {told}"
            raise ValidationError(message=refused)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
