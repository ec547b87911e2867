"""What CloudFormation must know of a type of resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = Mapping[str, Any]


class Clients(Protocol):
    """Gives clients of the local cloud's services."""

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""


@dataclass(frozen=True)
class Request:
    """Asks for a resource to be made, changed or removed.

    Attributes
    ----------
    logical_id, type_name
        What the template calls it, and its type.
    properties
        As they shall be: functions and references worked out.
    stack_id, stack_name, account, region
        Where it belongs.
    client
        Gives clients of services.
    make_name
        Makes a name for it of at most so many characters.
    """

    logical_id: str
    type_name: str
    properties: Properties
    stack_id: str
    stack_name: str
    account: str
    region: str
    client: Clients
    make_name: Callable[[int], str]


@dataclass(frozen=True)
class Resource:
    """A resource that exists.

    Attributes
    ----------
    physical_id
        What ``Ref`` gives.
    attributes
        What ``Fn::GetAtt`` gives.
    properties
        As they were when it was last made or changed.
    handle
        What its type keeps of it.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    properties: Properties = field(default_factory=dict)
    handle: Any = None


class RefusedError(Exception):
    """The local cloud cannot do what a template asks for; the message says what that is."""


class ResourceType(Protocol):
    """How resources of a type are made, changed and removed."""

    @property
    def name(self) -> str:
        """Such as ``AWS::SQS::Queue``."""

    def check(self, properties: Properties) -> None:
        """Raise `RefusedError` if resources with such properties cannot be had.

        Functions that are not worked out yet may be among the properties.
        """

    def is_replaced(self, before: Properties, after: Properties) -> bool:
        """Tell whether such a change needs a new resource."""

    def create(self, request: Request) -> Resource:
        """Make one."""

    def update(self, request: Request, current: Resource) -> Resource:
        """Change one in place."""

    def delete(self, request: Request, current: Resource) -> None:
        """Remove one. One that is gone already is no error."""
