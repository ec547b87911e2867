"""An update of a queue changes all that the template says.

Upstream defect: only the visibility timeout and the waiting time are changed.
"""

# ruff: noqa: ARG001, PLR0913, PLR0917 - upstream's signature

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.sqs.models import Queue, sqs_backends

from stepweave.local_cloud.adapters.patch import replaced

_NO_ATTRIBUTES = frozenset({"QueueName", "FifoQueue", "Tags"})


@contextmanager
def queue_updates() -> Iterator[None]:
    """Apply all attributes."""

    def update_from_cloudformation_json(
        cls: type[Queue],
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        properties = cloudformation_json["Properties"]
        name = properties.get("QueueName", original_resource.name)
        if name != original_resource.name:
            queue = cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)
            sqs_backends[account_id][region_name].delete_queue(original_resource.name)
            return queue
        policy = original_resource.policy
        attributes = {key: value for key, value in properties.items() if key not in _NO_ATTRIBUTES}
        queue = sqs_backends[account_id][region_name].set_queue_attributes(original_resource.name, attributes)
        queue.policy = policy  # it belongs to a resource of its own
        return queue

    with replaced(Queue, "update_from_cloudformation_json", classmethod(update_from_cloudformation_json)):
        yield
