"""An update of a bucket changes the bucket, whether or not the template names it.

Upstream defect: the update of a bucket with tags looks the name up in the template, and fails with a ``KeyError`` where
CloudFormation has made the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.s3.models import FakeBucket

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def bucket_updates() -> Iterator[None]:
    """Let buckets be updated that the template leaves unnamed."""
    upstream = FakeBucket.update_from_cloudformation_json.__func__

    def update_from_cloudformation_json(  # noqa: PLR0913, PLR0917 - upstream's signature
        cls: type[FakeBucket],
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        properties = {"BucketName": original_resource.name, **cloudformation_json["Properties"]}
        named = {**cloudformation_json, "Properties": properties}
        return upstream(cls, original_resource, new_resource_name, named, account_id, region_name)

    with replaced(FakeBucket, "update_from_cloudformation_json", classmethod(update_from_cloudformation_json)):
        yield
