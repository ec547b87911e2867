"""All adapters of CloudFormation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from scripts.local_cloud.adapters.change_sets import change_sets_by_stack
from scripts.local_cloud.adapters.complete_resources import complete_resources
from scripts.local_cloud.adapters.queue_updates import queue_updates
from scripts.local_cloud.adapters.queue_urls import local_queue_urls
from scripts.local_cloud.adapters.resources.catalog import RESOURCES
from scripts.local_cloud.adapters.resources.registration import resource_types
from scripts.local_cloud.adapters.stack_operations import stack_operations


def cloudformation_adapters(endpoint_url: str) -> tuple[AbstractContextManager[Any], ...]:
    """Return the adapters in the order in which they go in.

    Parameters
    ----------
    endpoint_url
        Where the local cloud listens.
    """
    return (
        resource_types(*RESOURCES),
        complete_resources(),
        stack_operations(),
        change_sets_by_stack(),
        queue_updates(),
        local_queue_urls(endpoint_url),
    )
