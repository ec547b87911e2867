"""Decides whether a request is allowed, in the order that AWS publishes for calls within one account.

1. What any policy denies is denied.
2. A resource's own policy that names the session allows. One that names the role, or everybody, allows what the
   permissions boundary and the session policy do not leave out. One that names the account leaves it to the role's
   policies.
3. Else a policy of the role must allow it, and so must the boundary and the session policy, where there are any.

Keys and trust policies are stricter: without a word of the resource's own policy nothing is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from stepweave.local_cloud.permissions.callers import Caller, RoleSession
from stepweave.local_cloud.permissions.policy import Match, Policy, Statement
from stepweave.local_cloud.permissions.wildcards import Context


@dataclass(frozen=True)
class Request:
    """What a caller wants to do.

    Attributes
    ----------
    caller : Caller
    action : str
        Such as ``s3:GetObject``.
    resource : str
        The ARN, or ``*`` where the action is about no resource.
    context : Context
        The values of condition keys, by the keys in lower case.
    """

    caller: Caller
    action: str
    resource: str
    context: Context = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Policies:
    """The policies that decide.

    Attributes
    ----------
    identity : tuple of Policy
        The role's own.
    boundary : Policy or None
        The role's permissions boundary.
    session : Policy or None
        What a session was limited to when the role was assumed.
    resource : Policy or None
        The resource's own.
    resource_decides : bool
        Whether nothing is allowed unless the resource's own policy does, or leaves it to the account.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None
    resource_decides: bool = False

    @property
    def all(self) -> tuple[Policy, ...]:
        """All of them."""
        return (*self.identity, *(one for one in (self.boundary, self.session, self.resource) if one is not None))

    def without(self, policy: Policy, statement: Statement) -> Policies:
        """Return these policies without a statement of one of the role's own."""
        rest = replace(policy, statements=tuple(each for each in policy.statements if each is not statement))
        return replace(self, identity=tuple(rest if each == policy else each for each in self.identity))


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed.

    Attributes
    ----------
    is_allowed : bool
    reason : str
        As AWS's errors say it; empty if it is allowed.
    """

    is_allowed: bool
    reason: str = ""


ALLOWED: Final = Decision(True)
_IDENTITY: Final = "identity-based policy"
_RESOURCE: Final = "resource-based policy"
_BOUNDARY: Final = "permissions boundary"
_SESSION: Final = "session policy"


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide a request."""
    given = ((_SESSION, policies.session), (_BOUNDARY, policies.boundary))
    limits: list[tuple[str, tuple[Policy, ...]]] = [(name, (one,)) for name, one in given if one is not None]
    for name, found in ((_IDENTITY, policies.identity), *limits):
        if any(not each.is_allow for each in _applying(found, request)):
            return Decision(False, f"with an explicit deny in {_a(name)}")
    granted = _granted(request, policies.resource)
    if granted is None:
        return Decision(False, f"with an explicit deny in {_a(_RESOURCE)}")
    if granted is Match.SESSION:
        return ALLOWED
    if granted is not Match.ROLE:
        if not isinstance(request.caller, RoleSession) or (granted is Match.NOT and policies.resource_decides):
            return _refused(_RESOURCE, request)
        limits.insert(0, (_IDENTITY, policies.identity))
    for name, found in limits:
        if not any(each.is_allow for each in _applying(found, request)):
            return _refused(name, request)
    return ALLOWED


def _granted(request: Request, policy: Policy | None) -> Match | None:
    """Return by what a resource's policy allows its caller in; None if it denies."""
    granted = Match.NOT
    for statement in _applying((policy,) if policy else (), request):
        match = statement.names(request.caller)
        if match and not statement.is_allow:
            return None
        granted = max(granted, match)
    return granted


def _applying(policies: Iterable[Policy], request: Request) -> Iterable[Statement]:
    return (
        statement
        for policy in policies
        for statement in policy.statements
        if statement.applies(request.action, request.resource, request.context)
    )


def _refused(kind: str, request: Request) -> Decision:
    return Decision(False, f"because no {kind} allows the {request.action} action")


def _a(name: str) -> str:
    return f"an {name}" if name == _IDENTITY else f"a {name}"
