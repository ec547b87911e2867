"""What is said of a service: which actions its operations need, on which resources, under which condition keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from stepweave.local_cloud.account import ACCOUNT_ID, REGION

NO_RESOURCE: Final = "*"


class Stored(Protocol):
    """What the services know, where a request does not say all that its permission depends on."""

    def key_arn(self, name: str) -> str | None:
        """The ARN of a KMS key, by its id, alias or ARN; None for AWS's own keys and unknown ones."""

    def key_of_ciphertext(self, ciphertext: str) -> str | None:
        """The ARN of the key that made a ciphertext (Base64)."""

    def secret_arn(self, name: str) -> str | None:
        """The ARN of a secret, by its name or ARN."""

    def machine_of_token(self, token: str) -> str | None:
        """The ARN of the state machine or activity that waits for a task token."""

    def table_key(self, arn: str) -> str | None:
        """The name of a table's partition key; of an index's, if its ARN is given."""

    def encryption_key(self, arn: str) -> str | None:
        """The ARN of the customer's key that encrypts a bucket, an object, a queue, a topic, a table or a secret."""

    def is_tagged(self, arn: str) -> bool:
        """Whether an object in S3 has tags."""


@dataclass(frozen=True)
class Call:
    """A call of an AWS API.

    Attributes
    ----------
    service : str
        As boto3 names it.
    operation : str
        Such as ``PutItem``.
    parameters : mapping
        As the API spells them.
    region, account : str
    stored : Stored
        What the services know.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    stored: Stored
    region: str = REGION
    account: str = ACCOUNT_ID

    def text(self, name: str) -> str:
        """A parameter as text; empty if it is not there."""
        value = self.parameters.get(name)
        return "" if value is None else str(value)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this region and account; `resource` itself if it is one already."""
        return resource if resource.startswith("arn:") else f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Access:
    """An action on a resource.

    Attributes
    ----------
    action : str
        Such as ``s3:GetObject``.
    resource : str
        The ARN; ``*`` if the action is about no resource; None if it is not known here, so that any will do.
    keys : mapping
        The service's own condition keys, in lower case, and their values.
    item : str
        What of the request it is about, where a service refuses but a part.
    """

    action: str
    resource: str | None
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    item: str = ""


Accesses = Callable[[Call], Iterable[Access]]
Resource = Callable[[Call], str]


@dataclass(frozen=True)
class ServiceTable:
    """A service.

    Attributes
    ----------
    prefix : str
        What its actions begin with.
    resource : Callable
        The resource that most of its operations are about.
    actions : mapping
        The action of operations that are not called like it; empty for one that needs no permission.
    without_resource : frozenset of str
        Operations that are about no resource.
    special : mapping
        What operations need that the rest does not describe.
    keys : Callable
        The condition keys of a call.
    """

    prefix: str
    resource: Resource
    actions: Mapping[str, str] = field(default_factory=dict)
    without_resource: frozenset[str] = frozenset()
    special: Mapping[str, Accesses] = field(default_factory=dict)
    keys: Callable[[Call], Mapping[str, tuple[str, ...]]] = lambda _: {}

    def accesses(self, call: Call) -> list[Access]:
        """Return what a call needs."""
        if (special := self.special.get(call.operation)) is not None:
            return list(special(call))
        action = self.actions.get(call.operation, call.operation)
        if not action:
            return []
        resource = NO_RESOURCE if call.operation in self.without_resource else self.resource(call)
        return [Access(f"{self.prefix}:{action}", resource, self.keys(call))]


def some(**keys: object) -> dict[str, tuple[str, ...]]:
    """Return condition keys, of those that have a value; ``__`` in a name stands for the colon.

    Example
    -------
    >>> some(s3__prefix="a/", s3__delimiter=None)
    {'s3:prefix': ('a/',)}
    """
    return {name.replace("__", ":"): (str(value),) for name, value in keys.items() if value not in {None, ""}}


def use_of_key(call: Call, key: str | None, *actions: str, context: Mapping[str, str] | None = None) -> list[Access]:
    """Return the accesses to the key with which a service works for its caller; none without a customer's key."""
    if key is None:
        return []
    keys = some(kms__viaservice=f"{call.service}.{call.region}.amazonaws.com", kms__calleraccount=call.account)
    return [Access(f"kms:{action}", key, {**keys, **encryption_context(context or {})}) for action in actions]


def encryption_context(context: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of an encryption context."""
    pairs = {f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in context.items()}
    return {**pairs, "kms:encryptioncontextkeys": tuple(context)} if context else {}
