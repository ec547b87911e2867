"""Decides what callers may do, by the policies that are stored in the local cloud, and remembers what it refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, Protocol

from stepweave.local_cloud.account import REGION
from stepweave.local_cloud.permissions.actions.table import NO_RESOURCE, Access, Stored
from stepweave.local_cloud.permissions.callers import Caller, RoleSession, ServiceCaller
from stepweave.local_cloud.permissions.evaluation import ALLOWED, Decision, Policies, Request, evaluate
from stepweave.local_cloud.permissions.policy import policy_of
from stepweave.local_cloud.permissions.wildcards import Context, matches

_WITHOUT_SOURCE: Final = "logs:CreateLogStream"
"""A call of a service of which CloudWatch Logs does not learn for what it is made."""
_MOST_REFUSALS: Final = 1000
_MOST_KNOWN: Final = 10_000


class Mode(StrEnum):
    """What happens to what no policy allows."""

    ENFORCE = "enforce"
    """It is refused."""
    AUDIT = "audit"
    """It is done, and written down."""
    OFF = "off"
    """It is done; nothing is looked at."""


@dataclass(frozen=True)
class RolePolicies:
    """What decides for a role.

    Attributes
    ----------
    identity : mapping
        Documents, by the names of the policies.
    boundary : str or None
        The document of the permissions boundary.
    role_id : str
        The role's unique id.
    tags : mapping
        The role's tags.
    """

    identity: Mapping[str, str]
    boundary: str | None = None
    role_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class StoredPolicies(Stored, Protocol):
    """The policies that are stored in the services."""

    def role(self, arn: str) -> RolePolicies | None:
        """The policies of a role; None if it is not checked, as one that no stack made."""

    def roles(self) -> dict[str, Mapping[str, str]]:
        """The documents of all roles that are checked, by the names of the policies, by the roles' ARNs."""

    def is_checked(self, source_arn: str) -> bool:
        """Whether a resource for which a service calls was made by a stack."""

    def resource_policy(self, arn: str) -> str | None:
        """The document of a resource's own policy."""


@dataclass(frozen=True)
class Refusal:
    """What was refused, or would have been.

    Attributes
    ----------
    caller, action, resource : str
    reason : str
        As AWS's errors say it.
    at : str
        When it was first.
    """

    caller: str
    action: str
    resource: str
    reason: str
    at: str

    @property
    def message(self) -> str:
        """What AWS's errors say."""
        return denial(self.caller, self.action, self.resource, self.reason)


class Authority:
    """Decides. Thread-safe.

    Parameters
    ----------
    load
        Returns the policies, when they are needed for the first time.
    mode
        What happens to what no policy allows.
    keeps_decisions
        Whether to keep one request for each way in which something was decided, to be replayed.

    Attributes
    ----------
    mode : Mode
    """

    def __init__(
        self, load: Callable[[], StoredPolicies], mode: Mode = Mode.ENFORCE, *, keeps_decisions: bool = False
    ) -> None:
        self._load = load
        self.mode = mode
        self._keeps_decisions = keeps_decisions
        self._refusals: dict[tuple[str, str, str, str], Refusal] = {}
        self._decided: dict[object, tuple[Request, Policies]] = {}
        self._known: dict[object, tuple[Decision, Policies]] = {}
        self._lock = threading.Lock()

    @cached_property
    def stored(self) -> StoredPolicies:
        """The policies."""
        return self._load()

    @property
    def refusals(self) -> list[Refusal]:
        """What was refused, or would have been, each once."""
        with self._lock:
            return list(self._refusals.values())

    @property
    def decided(self) -> list[tuple[Request, Policies]]:
        """The requests that were kept, all of them allowed, and what decided them."""
        with self._lock:
            return list(self._decided.values())

    def check(self, caller: Caller, access: Access) -> Decision:
        """Decide whether a caller may do something, and write down what it may not."""
        if self.mode is Mode.OFF:
            return ALLOWED
        if isinstance(caller, RoleSession):
            role = self.stored.role(caller.role_arn)
            if role is None:
                return ALLOWED
        elif self._is_checked(caller, access):
            role = RolePolicies({})
        else:
            return ALLOWED
        resource = NO_RESOURCE if access.resource is None else access.resource
        policies = self._policies(caller, role, access)
        is_simple = not any(policy.depends_on_context for policy in policies.all)
        request = Request(caller, access.action, resource, {} if is_simple else _context(caller, role, access))
        if is_simple and access.resource is not None and not self._keeps_decisions:
            decision = self._known_decision(request, policies)
        elif access.resource is None:
            decision = _by_action(request, policies)
        else:
            decision = evaluate(request, policies)
            if self._keeps_decisions and decision.is_allowed:
                self._keep(request, policies)
        if not decision.is_allowed:
            self._refuse(request, decision)
        return ALLOWED if self.mode is Mode.AUDIT else decision

    def _known_decision(self, request: Request, policies: Policies) -> Decision:
        """Decide what was decided before in the same way."""
        others = policies.boundary, policies.session, policies.resource
        key = (*map(id, (*policies.identity, *others)), request.caller, request.action, request.resource)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            # The policies stay, so that no other can get their ids.
            known = self._known[key] = evaluate(request, policies), policies
        return known[0]

    def _is_checked(self, caller: ServiceCaller, access: Access) -> bool:
        if access.action == "sts:AssumeRole":
            return self.stored.role(str(access.resource)) is not None
        return self.stored.is_checked(caller.source_arn)

    def _policies(self, caller: Caller, role: RolePolicies, access: Access) -> Policies:
        document = None
        if access.resource not in {None, NO_RESOURCE}:
            document = self.stored.resource_policy(str(access.resource))
        decides = access.action.startswith("kms:") or access.action == "sts:AssumeRole"
        limit = caller.policy if isinstance(caller, RoleSession) else ""
        return Policies(
            identity=tuple(policy_of(text, name) for name, text in role.identity.items()),
            boundary=policy_of(role.boundary) if role.boundary else None,
            session=policy_of(limit) if limit else None,
            resource=policy_of(document) if document else None,
            resource_decides=decides and access.resource != NO_RESOURCE,
        )

    def _refuse(self, request: Request, decision: Decision) -> None:
        key = request.caller.arn, request.action, request.resource, decision.reason
        with self._lock:
            if key not in self._refusals and len(self._refusals) < _MOST_REFUSALS:
                self._refusals[key] = Refusal(*key, datetime.now(UTC).isoformat(timespec="seconds"))

    def _keep(self, request: Request, policies: Policies) -> None:
        applying = tuple(
            (policy.name, index)
            for policy in policies.identity
            for index, statement in enumerate(policy.statements)
            if statement.applies(request.action, request.resource, request.context)
        )
        who = request.caller.role_arn if isinstance(request.caller, RoleSession) else request.caller
        with self._lock:
            self._decided.setdefault((who, request.action, applying, policies), (request, policies))


def denial(caller: str, action: str, resource: str, reason: str) -> str:
    """Return what AWS says of something that it refuses.

    Example
    -------
    >>> denial("events.amazonaws.com", "s3:PutObject", "arn:aws:s3:::b/k", "with an explicit deny")
    'User: events.amazonaws.com ...'
    """
    service = action.partition(":")[0]
    if service == "sqs":
        reason = reason.replace(action, action.lower())
        action = action.lower()
    elif service == "sns":
        reason = reason.replace("sns:", "SNS:")
        action = action.replace("sns:", "SNS:")
    elif service == "s3":
        resource = f'"{resource}"'
    elif action == "sts:AssumeRole":
        reason = reason if reason.startswith("with") else ""
    return f"User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}".rstrip()


def _by_action(request: Request, policies: Policies) -> Decision:
    """Decide about a service of which no resources are known: an action that a policy allows at all is allowed."""
    actions = (
        pattern
        for policy in policies.identity
        for statement in policy.statements
        if statement.is_allow and not statement.actions.is_negated
        for pattern in statement.actions.patterns
    )
    if any(matches(pattern, request.action.lower()) for pattern in actions):
        return ALLOWED
    return evaluate(request, policies)


def _context(caller: Caller, role: RolePolicies, access: Access) -> Context:
    """Return the values of all condition keys."""
    now = time.time()
    region = access.resource.split(":")[3] if access.resource and access.resource.count(":") > 4 else ""
    context: dict[str, tuple[str, ...]] = {
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).isoformat(),),
        "aws:epochtime": (str(int(now)),),
        "aws:securetransport": ("true",),  # nothing leaves the machine
        "aws:requestedregion": (region or REGION,),
        "aws:viaawsservice": ("true" if "kms:viaservice" in access.keys else "false",),
    }
    account = access.resource.split(":")[4] if access.resource and access.resource.count(":") > 4 else ""
    if isinstance(caller, RoleSession):
        context |= {
            "aws:principalarn": (caller.role_arn,),
            "aws:principalaccount": (caller.account,),
            "aws:principaltype": ("AssumedRole",),
            "aws:principalisawsservice": ("false",),
            "aws:userid": (f"{role.role_id}:{caller.name}",),
            "aws:sourceip": ("127.0.0.1",),
            "aws:resourceaccount": (account or caller.account,),
            **{f"aws:principaltag/{name.lower()}": (value,) for name, value in role.tags.items()},
        }
        if caller.source_function_arn:
            context["lambda:sourcefunctionarn"] = (caller.source_function_arn,)
    else:
        context |= {
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (caller.principal,),
            **({} if access.action == _WITHOUT_SOURCE else _source(caller)),
            "aws:resourceaccount": (account or caller.source_account,),
        }
    return {**context, **access.keys}


def _source(caller: ServiceCaller) -> Context:
    return {
        "aws:sourcearn": (caller.source_arn,),
        "aws:sourceaccount": (caller.source_account,),
        "aws:sourceowner": (caller.source_account,),
    }


_installed: Authority | None = None


@contextmanager
def enforced(authority: Authority) -> Iterator[None]:
    """Have this authority decide in this process until the context ends; a process holds one local cloud."""
    global _installed  # noqa: PLW0603 - as moto's state, it belongs to the process
    _installed = authority
    try:
        yield
    finally:
        _installed = None


def check(caller: Caller | None, access: Access) -> Decision:
    """Decide whether a caller may do something; one who is None, as a developer, may do anything."""
    if caller is None or _installed is None:
        return ALLOWED
    return _installed.check(caller, access)
