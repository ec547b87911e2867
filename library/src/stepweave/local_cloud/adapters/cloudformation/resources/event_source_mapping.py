"""``AWS::Lambda::EventSourceMapping``.

Upstream defects: the resource has no physical id and no attributes; numbers and booleans that a template gives as text
stay text; and tags are taken for something else.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any, Final

from moto.awslambda.models import EventSourceMapping
from moto.awslambda.utils import get_backend

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource

_NUMBERS: Final = ("BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds")
_REPLACING: Final = "EventSourceArn"


class EventSourceMappingResource(LocalResource):
    """An event source mapping; its physical id is its UUID."""

    def __init__(self, mapping: EventSourceMapping) -> None:
        self.physical_resource_id = str(mapping.uuid)
        self.arn = str(mapping.arn)
        self.source_arn = str(mapping.event_source_arn)

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::EventSourceMapping"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"Id", "EventSourceMappingArn"}

    def get_cfn_attribute(self, attribute: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        return self.physical_resource_id if attribute == "Id" else self.arn

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> EventSourceMappingResource:
        settings = _settings(cloudformation_json["Properties"])
        return cls(get_backend(account_id, region_name).create_event_source_mapping(settings))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: EventSourceMappingResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> EventSourceMappingResource:
        properties = cloudformation_json["Properties"]
        if properties[_REPLACING] != original_resource.source_arn:
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        unset = {"Enabled": True, "FilterCriteria": None, "FunctionResponseTypes": None, "ScalingConfig": None}
        get_backend(account_id, region_name).update_event_source_mapping(
            original_resource.physical_resource_id, {**unset, **_settings(properties)}
        )
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the mapping."""
        get_backend(account_id, region_name).delete_event_source_mapping(self.physical_resource_id)


def _settings(properties: dict[str, Any]) -> dict[str, Any]:
    settings = {**properties, "Tags": {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}}
    settings |= {name: int(settings[name]) for name in _NUMBERS if name in settings}
    if "Enabled" in settings:
        settings["Enabled"] = str(settings["Enabled"]).lower() == "true"
    if concurrency := (settings.get("ScalingConfig") or {}).get("MaximumConcurrency"):
        settings["ScalingConfig"] = {"MaximumConcurrency": int(concurrency)}
    return settings
