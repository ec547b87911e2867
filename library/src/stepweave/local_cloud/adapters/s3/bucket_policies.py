"""Bucket policies decide where all permissions are decided, and not in S3 once more.

Upstream defect: conditions of bucket policies are ignored, so that the usual statement "deny everybody whose connection
is not encrypted" closes the bucket; and it holds for whoever calls, developers as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def bucket_policies() -> Iterator[None]:
    """Have S3 judge nothing by bucket policies."""

    def get_permission(_self: Any, _action: str, _resource: str) -> Any:
        return PermissionResult.NEUTRAL

    with replaced(FakeBucket, "get_permission", get_permission):
        yield
