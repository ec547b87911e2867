"""A queue that CloudFormation made is reached at the local cloud.

Upstream defect: the ``Ref`` of such a queue is a URL at amazonaws.com, to which some SDKs send their calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.sqs.models import Queue

from stepweave.local_cloud.adapters.patch import replaced


@contextmanager
def local_queue_urls(endpoint_url: str) -> Iterator[None]:
    """Give queues a URL at ``endpoint_url``."""

    def physical_resource_id(self: Any) -> str:
        return f"{endpoint_url}/{self.account_id}/{self.name}"

    with replaced(Queue, "physical_resource_id", property(physical_resource_id)):
        yield
