"""``AWS::CDK::Metadata``: says which constructs an app uses, and creates nothing.

Upstream defect: the type is unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class MetadataResource(LocalResource):
    """The metadata of a CDK app."""

    def __init__(self, resource_name: str) -> None:
        self.physical_resource_id = resource_name

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CDK::Metadata"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> MetadataResource:
        return cls(resource_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """There is nothing to remove."""
