"""Types of resources that are made, changed and removed by operations of their services, like a person would.

So a resource is what the service's API makes of the same settings, and what that refuses is refused here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ServiceModel, StructureShape

from stepweave.local_cloud.adapters.cloudformation.api_shapes import api_parameters
from stepweave.local_cloud.adapters.cloudformation.resource_type import (
    Properties,
    RefusedError,
    Request,
    Resource,
)

_GONE: Final = ("NotFound", "NonExistent", "NoSuch", "DoesNotExist", "NotExists")


def itself(physical_id: str) -> str:
    """Say that an attribute is the physical id."""
    return physical_id


Adjust = Callable[[dict[str, Any]], dict[str, Any]]
Apply = Callable[[Request, str, Properties], None]
"""Applies properties that have operations of their own; gets the properties before, empty if it is new."""


def _unchanged(properties: dict[str, Any]) -> dict[str, Any]:
    return properties


def _nothing(_request: Request, _physical_id: str, _before: Properties) -> None:
    """Apply nothing."""


@dataclass(frozen=True)
class ApiType:
    """A type of resource, as operations of a service.

    Attributes
    ----------
    name
        Such as ``AWS::SNS::Topic``.
    service
        As botocore calls it.
    create_operation
        The operation that makes one; None if `apply` does all there is to do.
    identity
        Where its physical id is in the operation's answer (members by dots), or ``=NAME`` if that is one of its
        parameters.
        Empty if it has a name that means nothing to the service.
    key
        The parameter by which the other operations know it.
    update_operation, delete_operation
        Without the former, what `apply` does not apply makes a new one.
    update_too
        Whether `create_operation` also changes one that exists.
    read, read_parameters
        The operation whose answer has its attributes, and what that is given beside the key.
    attributes
        By attribute, where it is in that answer (members by dots), a text with ``{id}``, ``{region}`` and ``{account}``
        in it, or what makes it of the physical id.
    named_by, name_limit
        The property that names it, and how long names may be.
    renames
        Properties that the operations call otherwise.
    replaces
        Properties whose change makes a new one.
    keys
        More parameters by which the other operations know it, with the properties that have their values.
    known_by
        Where that is not so simple: makes the parameters by which they know it of its physical id.
    refuses
        Properties that the operation knows, but the local cloud does not act on.
    passes
        Properties that make no difference here.
    adjust
        Brings properties into the operations' form.
    apply, applied
        Applies properties that have operations of their own, and their names.
    changes_by_apply
        Properties that ``create_operation`` takes, and whose changes are applied likewise.
    before_delete
        Does what must be done first.
    required
        Properties that there must be.
    defaults
        What the update is given for properties that are there no more.
    """

    name: str
    service: str
    identity: str = ""
    key: str = ""
    create_operation: str | None = None
    update_operation: str | None = None
    delete_operation: str | None = None
    update_too: bool = False
    read: str | None = None
    read_parameters: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str | Callable[[str], Any]] = field(default_factory=dict)
    named_by: str | None = None
    name_limit: int = 64
    renames: Mapping[str, str] = field(default_factory=dict)
    replaces: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict)
    known_by: Callable[[str], dict[str, Any]] | None = None
    refuses: frozenset[str] = frozenset()
    passes: frozenset[str] = frozenset()
    adjust: Adjust = _unchanged
    apply: Apply = _nothing
    applied: frozenset[str] = frozenset()
    changes_by_apply: frozenset[str] = frozenset()
    before_delete: Apply = _nothing
    required: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def check(self, properties: Properties) -> None:
        """Refuse properties that the operation does not know, or that nothing here acts on."""
        refused = sorted(self.refuses & properties.keys())
        if refused:
            raise RefusedError(f"the local cloud does not do what its property {refused[0]} says")
        own = dict(properties)
        with suppress(KeyError, TypeError, AttributeError):  # of functions that are not worked out
            own = self.adjust(own)
        parameters = self._converted(own, self.create_operation)
        named_by = self.renames.get(self.named_by or "", self.named_by or "").lower()
        given = {named_by, *(name.lower() for name in parameters), *(name.lower() for name in properties)}
        needed = set(self.required)
        if self.create_operation is not None:
            needed.update(input_shape(self.service, self.create_operation).required_members)
        missing = sorted(name for name in needed if name.lower() not in given)
        if missing:
            raise RefusedError(f"required key [{missing[0]}] not found")

    def is_replaced(self, before: Properties, after: Properties) -> bool:
        """Tell whether a change needs a new resource."""
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        if self.named_by in changed or changed & self.replaces:
            return True
        in_place = self.applied | self.passes | self.changes_by_apply | {"Tags"}
        return not (self.update_operation or self.update_too or changed <= in_place)

    def create(self, request: Request) -> Resource:
        """Make one."""
        properties = dict(request.properties)
        if self.named_by and self.named_by not in properties:
            properties[self.named_by] = request.make_name(self.name_limit)
        parameters = self._converted(self.adjust(properties), self.create_operation)
        answer: Any = {}
        if self.create_operation is not None:
            answer = getattr(request.client(self.service), self.create_operation)(**parameters)
        found = parameters if self.identity.startswith("=") else answer
        place = self.identity.removeprefix("=")
        physical_id = str(_at(found, place)) if place else request.make_name(self.name_limit)
        try:
            self.apply(request, physical_id, {})
        except Exception:
            self.delete(request, Resource(physical_id, properties=request.properties))
            raise
        return self._resource(request, physical_id, answer)

    def update(self, request: Request, current: Resource) -> Resource:
        """Change one in place."""
        operation = self.create_operation if self.update_too else self.update_operation
        changed = {
            name
            for name in {*current.properties, *request.properties}
            if current.properties.get(name) != request.properties.get(name)
        }
        answer: Any = {}
        if operation is not None and not changed <= self.applied | self.passes | self.changes_by_apply:
            gone = current.properties.keys() - request.properties.keys()
            lost = {name: value for name, value in self.defaults.items() if name in gone}
            properties = {**request.properties, **lost}
            if self.update_too and self.named_by:
                properties.setdefault(self.named_by, current.physical_id)
            parameters = self._known(self.adjust(properties), operation)
            if not self.update_too:
                parameters |= self._keys(request.properties, current.physical_id)
            answer = getattr(request.client(self.service), operation)(**parameters)
        self.apply(request, current.physical_id, current.properties)
        return self._resource(request, current.physical_id, answer)

    def delete(self, request: Request, current: Resource) -> None:
        """Remove one."""
        try:
            self.before_delete(request, current.physical_id, current.properties)
            if self.delete_operation is not None:
                getattr(request.client(self.service), self.delete_operation)(
                    **self._keys(current.properties, current.physical_id)
                )
        except ClientError as error:
            if not any(word in error.response["Error"]["Code"] for word in (*_GONE, "404")):
                raise

    def _keys(self, properties: Properties, physical_id: str) -> dict[str, Any]:
        more = {parameter: properties[name] for parameter, name in self.keys.items() if name in properties}
        return {**(self.known_by(physical_id) if self.known_by else {self.key: physical_id}), **more}

    def _resource(self, request: Request, physical_id: str, answer: Any) -> Resource:
        found = answer
        if self.read is not None:
            found = getattr(request.client(self.service), self.read)(
                **self._keys(request.properties, physical_id), **self.read_parameters
            )
        attributes = {name: _attribute(place, found, request, physical_id) for name, place in self.attributes.items()}
        return Resource(physical_id, attributes, request.properties)

    def _converted(self, properties: Mapping[str, Any], operation: str | None) -> dict[str, Any]:
        mine = self.applied | self.passes
        if operation is None:
            unknown = sorted(properties.keys() - mine)
            if unknown:
                raise RefusedError(f"the local cloud does not know its property {unknown[0]}")
            return dict(properties)
        renamed = {self.renames.get(name, name): value for name, value in properties.items() if name not in mine}
        converted: dict[str, Any] = api_parameters(renamed, input_shape(self.service, operation))
        return converted

    def _known(self, properties: Mapping[str, Any], operation: str) -> dict[str, Any]:
        """Return those that the operation knows; others cannot be changed, or are applied otherwise."""
        members = {name.lower() for name in input_shape(self.service, operation).members}
        known = {name: value for name, value in properties.items() if self.renames.get(name, name).lower() in members}
        return self._converted(known, operation)


def _at(found: Any, place: str) -> Any:
    for name in place.split("."):
        found = (found or {}).get(name)
    return found


def _attribute(place: str | Callable[[str], Any], found: Any, request: Request, physical_id: str) -> Any:
    if callable(place):
        return place(physical_id)
    if "{" in place:
        return place.format(id=physical_id, region=request.region, account=request.account)
    return _at(found, place)


@functools.cache
def input_shape(service: str, operation: str) -> StructureShape:
    """Return what an operation of a service takes."""
    model = _service(service)
    names = {name.lower(): name for name in model.operation_names}
    shape = model.operation_model(names[operation.replace("_", "")]).input_shape
    if shape is None:
        raise AssertionError(f"{service}.{operation} takes nothing")
    return shape


@functools.cache
def _service(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)
