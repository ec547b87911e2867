"""``AWS::Events::EventBus``.

Upstream defects: the resource has no physical id, so that a rule's ``Ref`` of it is a Python object; all settings but
the name are dropped; an update deletes the bus, and with it its rules; and a bus that has rules cannot be deleted.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any

from moto.events.models import EventBus, EventsBackend, events_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class EventBusResource(LocalResource):
    """An event bus; its physical id is its name."""

    def __init__(self, bus: EventBus) -> None:
        self.physical_resource_id = str(bus.name)
        self._bus = bus

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Events::EventBus"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"Arn", "Name", "Policy"}

    def get_cfn_attribute(self, attribute: str) -> Any:
        """Return what ``Fn::GetAtt`` gives."""
        return self._bus.get_cfn_attribute(attribute)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> EventBusResource:
        properties = cloudformation_json["Properties"]
        backend: EventsBackend = events_backends[account_id][region_name]
        bus = backend.create_event_bus(
            name=resource_name,
            event_source_name=properties.get("EventSourceName"),
            tags=properties.get("Tags"),
        )
        return cls(_configured(bus, properties))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: EventBusResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> EventBusResource:
        properties = cloudformation_json["Properties"]
        if properties.get("Name", original_resource.physical_resource_id) == original_resource.physical_resource_id:
            _configured(original_resource._bus, properties)
            return original_resource
        created = cls.create_from_cloudformation_json(properties["Name"], cloudformation_json, account_id, region_name)
        original_resource.delete(account_id, region_name)
        return created

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the bus and its rules."""
        self._bus.rules.clear()
        events_backends[account_id][region_name].delete_event_bus(self.physical_resource_id)


def _configured(bus: EventBus, properties: dict[str, Any]) -> EventBus:
    bus.description = properties.get("Description")
    bus.dead_letter_config = properties.get("DeadLetterConfig")
    bus.kms_key_identifier = properties.get("KmsKeyIdentifier")
    return bus
