"""All adapters of CloudFormation."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from stepweave.local_cloud.adapters.cloudformation.change_sets import change_sets_by_stack
from stepweave.local_cloud.adapters.cloudformation.complete_resources import complete_resources
from stepweave.local_cloud.adapters.cloudformation.resources.catalog import RESOURCES
from stepweave.local_cloud.adapters.cloudformation.resources.registration import resource_types
from stepweave.local_cloud.adapters.cloudformation.stack_operations import stack_operations
from stepweave.local_cloud.adapters.cloudformation.version_updates import version_updates
from stepweave.local_cloud.adapters.s3.bucket_updates import bucket_updates
from stepweave.local_cloud.adapters.sqs.updates import queue_updates
from stepweave.local_cloud.adapters.sqs.urls import local_queue_urls


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
        version_updates(),
        change_sets_by_stack(),
        bucket_updates(),
        queue_updates(),
        local_queue_urls(endpoint_url),
    )
