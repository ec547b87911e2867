"""Policies and their statements."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Any, Final

from stepweave.local_cloud.permissions.callers import Caller, RoleSession
from stepweave.local_cloud.permissions.conditions import Condition, conditions_of
from stepweave.local_cloud.permissions.wildcards import Context, arn_matches, matches, pattern_with

_VERSION_WITH_VARIABLES: Final = "2012-10-17"


class Match(IntEnum):
    """By what a statement of a resource's policy names a caller; what is greater is more direct."""

    NOT = 0
    ACCOUNT = 1
    """By its account, which leaves it to the account's own policies."""
    ROLE = 2
    """By its role, or as one of all."""
    SESSION = 3
    """By itself."""


@dataclass(frozen=True)
class Names:
    """A list of patterns, and whether it names what it is about or all but that."""

    patterns: tuple[str, ...]
    is_negated: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes
    ----------
    sid : str
        Its name; may be empty.
    is_allow : bool
        Whether it allows or denies.
    actions, resources : Names
        What it is about, the actions in lower case. Policies of a resource may leave the resource out.
    principals : tuple of pairs or None
        The callers, each with its kind, ``AWS`` or ``Service``; None in a policy of an identity.
    excludes_principals : bool
        Whether it is about all others.
    conditions : tuple of Condition
        All must hold.
    has_variables : bool
        Whether ``${...}`` is a policy variable.
    """

    sid: str
    is_allow: bool
    actions: Names
    resources: Names
    principals: tuple[tuple[str, str], ...] | None
    excludes_principals: bool
    conditions: tuple[Condition, ...]
    has_variables: bool

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Tell whether it is about an action on a resource."""
        action = action.lower()
        is_about = any(matches(pattern, action) for pattern in self.actions.patterns)
        return (
            is_about is not self.actions.is_negated
            and self._is_about(resource, context)
            and all(condition.holds(context, has_variables=self.has_variables) for condition in self.conditions)
        )

    def names(self, caller: Caller) -> Match:
        """Tell by what it names a caller."""
        if self.principals is None:
            return Match.SESSION
        if not self.excludes_principals:
            return max((_named(kind, value, caller) for kind, value in self.principals), default=Match.NOT)
        excluded = {_named(kind, value, caller) for kind, value in self.principals}
        # All that it is called by must be excluded: the account, the role and the session.
        own = {Match.SESSION} if not isinstance(caller, RoleSession) else {Match.ACCOUNT, Match.ROLE, Match.SESSION}
        return Match.NOT if own <= excluded else Match.ROLE

    def _is_about(self, resource: str, context: Context) -> bool:
        if not self.resources.patterns:
            return True
        filled = (pattern_with(each, context, has_variables=self.has_variables) for each in self.resources.patterns)
        found = any(arn_matches(pattern, resource) for pattern in filled if pattern is not None)
        return found is not self.resources.is_negated


@dataclass(frozen=True)
class Policy:
    """A policy document.

    Attributes
    ----------
    name : str
        What it is called where it is attached.
    statements : tuple of Statement
    """

    name: str
    statements: tuple[Statement, ...]

    @cached_property
    def depends_on_context(self) -> bool:
        """Whether it takes more than an action and a resource to decide by it."""
        return any(
            statement.conditions or any("${" in pattern for pattern in statement.resources.patterns)
            for statement in self.statements
        )


@lru_cache(maxsize=4096)
def policy_of(document: str, name: str = "") -> Policy:
    """Parse a policy document. Raises `ValueError` if it is none."""
    content = json.loads(document)
    has_variables = content.get("Version") == _VERSION_WITH_VARIABLES
    return Policy(name, tuple(_statement(each, has_variables=has_variables) for each in _list(content["Statement"])))


def _statement(content: Mapping[str, Any], *, has_variables: bool) -> Statement:
    principals = content.get("Principal", content.get("NotPrincipal"))
    return Statement(
        sid=content.get("Sid", ""),
        is_allow=content["Effect"] == "Allow",
        actions=_names(content, "Action", str.lower),
        resources=_names(content, "Resource", str),
        principals=None if principals is None else _principals(principals),
        excludes_principals="NotPrincipal" in content,
        conditions=conditions_of(content.get("Condition") or {}),
        has_variables=has_variables,
    )


def _names(content: Mapping[str, Any], name: str, spell: Callable[[str], str]) -> Names:
    negated = f"Not{name}"
    return Names(tuple(map(spell, _list(content.get(name, content.get(negated, ()))))), negated in content)


def _principals(content: Any) -> tuple[tuple[str, str], ...]:
    kinds = {"*" if content == "*" else "AWS": content} if isinstance(content, str) else content
    return tuple((kind, str(value)) for kind, values in kinds.items() for value in _list(values))


def _list(value: Any) -> list[Any]:
    return [value] if isinstance(value, str | Mapping) else list(value)


def _named(kind: str, value: str, caller: Caller) -> Match:
    if value == "*":
        is_everybody = kind in {"*", "AWS"} or (kind == "Service" and not isinstance(caller, RoleSession))
        return Match.ROLE if is_everybody else Match.NOT
    if not isinstance(caller, RoleSession):
        return Match.SESSION if kind == "Service" and _is_service(value, caller.principal) else Match.NOT
    if kind != "AWS":
        return Match.NOT
    if value in {caller.account, f"{caller.role_arn.partition(':role/')[0]}:root"}:
        return Match.ACCOUNT
    return {caller.role_arn: Match.ROLE, caller.arn: Match.SESSION}.get(value, Match.NOT)


def _is_service(named: str, principal: str) -> bool:
    """Tell whether a principal is the one named, be it by its name in a region."""
    name, _, rest = named.partition(".")
    return named == principal or (name == principal.partition(".")[0] and rest.endswith(".amazonaws.com"))
