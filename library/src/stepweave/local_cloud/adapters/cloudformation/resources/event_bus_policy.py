"""``AWS::Events::EventBusPolicy``: one statement of the policy that says who may use a bus.

Upstream defect: the type is unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

import json
from typing import Any

from moto.events.models import EventBus, EventBusPolicyStatement, events_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class EventBusPolicyResource(LocalResource):
    """A statement of a bus's policy.

    Parameters
    ----------
    resource_name
        The physical id.
    bus
        The bus.
    statement_id
        What the statement is called.
    """

    def __init__(self, resource_name: str, bus: EventBus, statement_id: str) -> None:
        self.physical_resource_id = resource_name
        self._bus = bus
        self._statement_id = statement_id

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Events::EventBusPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> EventBusPolicyResource:
        properties = cloudformation_json["Properties"]
        bus = events_backends[account_id][region_name].describe_event_bus(properties.get("EventBusName", "default"))
        statement_id = properties["StatementId"]
        # Not by the bus's own methods: they remove other statements about the same principal.
        bus._statements[statement_id] = _statement(properties, bus)  # noqa: SLF001
        return cls(resource_name, bus, statement_id)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: EventBusPolicyResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> EventBusPolicyResource:
        original_resource.delete(account_id, region_name)
        name = original_resource.physical_resource_id
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:  # noqa: ARG002 - upstream's signature
        """Take the statement out of the bus's policy."""
        self._bus.remove_statement(self._statement_id)


def _statement(properties: dict[str, Any], bus: EventBus) -> EventBusPolicyStatement:
    given = properties.get("Statement")
    if given is not None:
        statement = json.loads(given) if isinstance(given, str) else given
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
