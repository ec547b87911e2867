"""A bucket policy's statements under a condition do not apply to all calls.

Upstream defect: conditions are ignored, so the usual statement "deny everybody whose connection is not encrypted"
closes the bucket. Here a statement with a condition is left out: the local cloud enforces no policies, and calls within
the machine need no encryption.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from stepweave.local_cloud.adapters.patch import replaced


def without_conditions(policy: bytes) -> bytes:
    """Return a policy document without the statements that have a condition."""
    document = json.loads(policy)
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return json.dumps(
        {**document, "Statement": [statement for statement in statements if not statement.get("Condition")]}
    ).encode()


@contextmanager
def bucket_policy_conditions() -> Iterator[None]:
    """Judge access to a bucket by the unconditional statements of its policy."""

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        return IAMPolicy(without_conditions(self.policy).decode()).is_action_permitted(action, resource)

    with replaced(FakeBucket, "get_permission", get_permission):
        yield
