"""``AWS::Events::EventBus`` and ``AWS::Events::EventBusPolicy``.

Upstream defects: a bus cannot be updated; and its methods take a statement away that is about the same principal as
another one.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.events.models import EventBus, EventBusPolicyStatement, events_backends

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request

_SETTINGS: Final = {
    "DeadLetterConfig": "dead_letter_config",
    "Description": "description",
    "KmsKeyIdentifier": "kms_key_identifier",
}


def _bus(request: Request, name: str) -> EventBus:
    return events_backends[request.account][request.region].describe_event_bus(name)


def _configure(request: Request, name: str, before: Properties) -> None:
    bus = _bus(request, name)
    for setting, attribute in _SETTINGS.items():
        if before.get(setting) != request.properties.get(setting):
            setattr(bus, attribute, request.properties.get(setting))


def _clear(request: Request, name: str, _before: Properties) -> None:
    client = request.client("events")
    for rule in client.list_rules(EventBusName=name)["Rules"]:
        targets = client.list_targets_by_rule(Rule=rule["Name"], EventBusName=name)["Targets"]
        if targets:
            client.remove_targets(Rule=rule["Name"], EventBusName=name, Ids=[target["Id"] for target in targets])
        client.delete_rule(Name=rule["Name"], EventBusName=name)


def _put_statement(request: Request, physical_id: str, before: Properties) -> None:
    if before:
        _remove_statement(request, physical_id, before)
    properties = request.properties
    bus = _bus(request, properties.get("EventBusName", "default"))
    bus._statements[properties["StatementId"]] = _statement(properties, bus)  # noqa: SLF001 - its methods see above


def _remove_statement(request: Request, _physical_id: str, before: Properties) -> None:
    backend = events_backends[request.account][request.region]
    if before.get("EventBusName", "default") in backend.event_buses:
        _bus(request, before.get("EventBusName", "default")).remove_statement(before["StatementId"])


def _statement(properties: Properties, bus: EventBus) -> EventBusPolicyStatement:
    given = properties.get("Statement")
    if given is not None:
        statement: dict[str, Any] = json.loads(given) if isinstance(given, str) else given
    else:  # as in templates that are older than ``Statement``
        principal, condition = properties["Principal"], properties.get("Condition")
        statement = {
            "Effect": "Allow",
            "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
            "Action": properties["Action"],
            "Resource": bus.arn,
            **({"Condition": {condition["Type"]: {condition["Key"]: condition["Value"]}}} if condition else {}),
        }
    return EventBusPolicyStatement.from_dict({**statement, "Sid": properties["StatementId"]})


TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::Events::EventBus",
        service="events",
        create_operation="create_event_bus",
        delete_operation="delete_event_bus",
        identity="=Name",
        key="Name",
        named_by="Name",
        name_limit=256,
        replaces=frozenset({"EventSourceName"}),
        passes=frozenset({"Policy"}),
        refuses=frozenset({"LogConfig"}),
        changes_by_apply=frozenset(_SETTINGS),
        apply=_configure,
        before_delete=_clear,
        read="describe_event_bus",
        attributes={"Arn": "Arn", "Name": itself, "Policy": "Policy"},
    ),
    ApiType(
        name="AWS::Events::EventBusPolicy",
        service="events",
        applied=frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement", "StatementId"}),
        apply=_put_statement,
        before_delete=_remove_statement,
    ),
)
