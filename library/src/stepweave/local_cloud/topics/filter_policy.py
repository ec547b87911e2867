"""Which messages of a topic a subscription wants."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from stepweave.local_cloud.events.pattern import EventPattern, InvalidPatternError
from stepweave.local_cloud.topics.message import TopicMessage

BODY: Final = "MessageBody"
ATTRIBUTES: Final = "MessageAttributes"
_MOST_KEYS: Final = 5
_MOST_COMBINATIONS: Final = 150


class NestedPolicyError(InvalidPatternError):
    """A policy for attributes looks into them, though they have no parts."""


class FilterPolicy:
    """A filter policy.

    Parameters
    ----------
    policy
        The JSON object.
    scope
        What it looks at: ``MessageAttributes`` or ``MessageBody``.

    Raises
    ------
    InvalidPatternError
        If AWS would refuse it; a `NestedPolicyError` if because of its scope.
    """

    def __init__(self, policy: Any, scope: str = ATTRIBUTES) -> None:
        self._looks_at_body = scope == BODY
        if isinstance(policy, dict):
            if len(policy) > _MOST_KEYS:
                raise InvalidPatternError(f"Filter policy can not have more than {_MOST_KEYS} keys")
            is_nested = any(isinstance(wanted, dict) for wanted in policy.values())
            if is_nested and not self._looks_at_body:
                raise NestedPolicyError
        self._pattern = EventPattern(policy)
        if _combinations(policy, 1) > _MOST_COMBINATIONS:
            raise InvalidPatternError("Filter policy is too complex")

    def wants(self, message: TopicMessage) -> bool:
        """Tell whether a message passes."""
        if not self._looks_at_body:
            return self._pattern.matches({name: _values(value) for name, value in message.attributes.items()})
        try:
            body = json.loads(message.text_for("default"))
        except ValueError:
            return False
        return isinstance(body, dict) and self._pattern.matches(body)


def _values(attribute: Mapping[str, str]) -> Any:
    """Return what a policy compares of an attribute."""
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Binary"):
        return []
    if not kind.startswith("Number") and kind != "String.Array":
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _combinations(policy: Mapping[str, Any], depth: int) -> int:
    """Return how complex AWS takes a policy for: the product of the lengths of its lists, each times its depth."""
    return math.prod(
        _combinations(wanted, depth + 1)
        if isinstance(wanted, dict)
        else sum(_combinations(way, depth) for way in wanted)
        if name == "$or" and all(isinstance(way, dict) for way in wanted)
        else len(wanted) * depth
        for name, wanted in policy.items()
    )
