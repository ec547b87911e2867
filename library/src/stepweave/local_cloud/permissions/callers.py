"""Who makes a call: the session of a role, or an AWS service on behalf of a resource."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Final

_TOKEN: Final = "local-cloud."  # noqa: S105 - what our session tokens begin with


@dataclass(frozen=True)
class RoleSession:
    """The session of a role that a function, a state machine, a rule or another session assumed.

    Attributes
    ----------
    role_arn : str
        The role.
    name : str
        The session's name.
    policy : str
        The session policy, JSON; empty if there is none.
    source_function_arn : str
        The function whose code makes the call; empty if none does.
    """

    role_arn: str
    name: str
    policy: str = ""
    source_function_arn: str = ""

    @property
    def account(self) -> str:
        """The role's account."""
        return self.role_arn.split(":")[4]

    @property
    def arn(self) -> str:
        """The ARN of the session, which errors name.

        Example
        -------
        >>> RoleSession("arn:aws:iam::123456789012:role/path/payer", "pay").arn
        'arn:aws:sts::123456789012:assumed-role/payer/pay'
        """
        _arn, partition, _iam, _region, account, role = self.role_arn.split(":", 5)
        return f"arn:{partition}:sts::{account}:assumed-role/{role.rpartition('/')[2]}/{self.name}"

    @property
    def token(self) -> str:
        """The session token of its credentials, which says all of this: every request bears it."""
        return _TOKEN + base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


@dataclass(frozen=True)
class ServiceCaller:
    """An AWS service.

    Attributes
    ----------
    principal : str
        Such as ``events.amazonaws.com``.
    source_arn : str
        The resource for which it calls.
    source_account : str
        The account of that.
    """

    principal: str
    source_arn: str
    source_account: str

    @property
    def arn(self) -> str:
        """What errors name."""
        return self.principal


Caller = RoleSession | ServiceCaller
_acting: Final[ContextVar[Caller | None]] = ContextVar("acting", default=None)


@contextmanager
def acting_as(caller: Caller | None) -> Iterator[None]:
    """Make the calls of this context, to services within this process, in a caller's name."""
    token = _acting.set(caller)
    try:
        yield
    finally:
        _acting.reset(token)


def acting() -> Caller | None:
    """Return in whose name calls are made."""
    return _acting.get()


def service_session(role_arn: str, source_arn: str) -> RoleSession:
    """Return the session of a role that a service assumed for one of its resources; AWS gives it a name by chance."""
    return RoleSession(role_arn, hashlib.sha256(f"{role_arn} {source_arn}".encode()).hexdigest()[:32])


@lru_cache(maxsize=1024)
def session_of_token(token: str) -> RoleSession | None:
    """Return the session whose credentials have a token; None if it is not one of ours.

    Example
    -------
    >>> session_of_token(RoleSession("arn:aws:iam::123456789012:role/payer", "pay").token).name
    'pay'
    """
    if not token.startswith(_TOKEN):
        return None
    try:
        return RoleSession(**json.loads(base64.urlsafe_b64decode(token.removeprefix(_TOKEN))))
    except (binascii.Error, ValueError, TypeError):
        return None
