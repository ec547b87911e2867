"""``AWS::Events::Archive``.

Upstream defects: a pattern that is given as an object, which is how templates give it, crashes; the resource has no
physical id; and an update does not change the retention, nor what is archived.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

import json
from typing import Any

from moto.events.models import Archive, EventsBackend, events_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class EventArchiveResource(LocalResource):
    """An archive of events; its physical id is its name."""

    def __init__(self, archive: Archive) -> None:
        self.physical_resource_id = str(archive.name)
        self.archive = archive

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Events::Archive"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "ArchiveName"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"Arn", "ArchiveName"}

    def get_cfn_attribute(self, attribute: str) -> Any:
        """Return what ``Fn::GetAtt`` gives."""
        return self.archive.get_cfn_attribute(attribute)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> EventArchiveResource:
        properties = cloudformation_json["Properties"]
        backend: EventsBackend = events_backends[account_id][region_name]
        archive = backend.create_archive(
            resource_name,
            properties["SourceArn"],
            properties.get("Description", ""),
            _pattern(properties),
            properties.get("RetentionDays", 0),
        )
        return cls(archive)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: EventArchiveResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> EventArchiveResource:
        properties = cloudformation_json["Properties"]
        old = original_resource.archive
        name = properties.get("ArchiveName", old.name)
        if name == old.name:
            original_resource.delete(account_id, region_name)
        created = cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
        if name == old.name:
            created.archive.events = old.events
        else:
            original_resource.delete(account_id, region_name)
        return created

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the archive and its rule."""
        backend: EventsBackend = events_backends[account_id][region_name]
        if self.physical_resource_id in backend.archives:
            self.archive.delete(account_id, region_name)


def _pattern(properties: dict[str, Any]) -> str | None:
    pattern = properties.get("EventPattern")
    return pattern if pattern is None or isinstance(pattern, str) else json.dumps(pattern)
