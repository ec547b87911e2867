"""``AWS::S3::BucketPolicy``: who may use a bucket.

Upstream defect: the type is unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class BucketPolicyResource(LocalResource):
    """The policy of a bucket, whose name is also the physical id."""

    def __init__(self, bucket: str) -> None:
        self.physical_resource_id = bucket

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> BucketPolicyResource:
        properties = cloudformation_json["Properties"]
        policy = json.dumps(properties["PolicyDocument"]).encode()
        s3_backends[account_id][get_partition(region_name)].put_bucket_policy(properties["Bucket"], policy)
        return cls(properties["Bucket"])

    def delete(self, account_id: str, region_name: str) -> None:
        """Take the policy from the bucket, if that still exists."""
        backend = s3_backends[account_id][get_partition(region_name)]
        if self.physical_resource_id in backend.buckets:
            backend.delete_bucket_policy(self.physical_resource_id)
