"""All resource types of our own."""

from __future__ import annotations

from typing import Final

from stepweave.local_cloud.adapters.cloudformation.resources.alarm import AlarmResource
from stepweave.local_cloud.adapters.cloudformation.resources.bucket_policy import BucketPolicyResource
from stepweave.local_cloud.adapters.cloudformation.resources.dynamodb_table import GlobalTableResource, TableResource
from stepweave.local_cloud.adapters.cloudformation.resources.event_archive import EventArchiveResource
from stepweave.local_cloud.adapters.cloudformation.resources.event_bus import EventBusResource
from stepweave.local_cloud.adapters.cloudformation.resources.event_bus_policy import EventBusPolicyResource
from stepweave.local_cloud.adapters.cloudformation.resources.event_source_mapping import EventSourceMappingResource
from stepweave.local_cloud.adapters.cloudformation.resources.lambda_version import (
    EventInvokeConfigResource,
    LambdaAliasResource,
    LambdaVersionResource,
)
from stepweave.local_cloud.adapters.cloudformation.resources.metadata import MetadataResource
from stepweave.local_cloud.adapters.cloudformation.resources.queue_policy import QueuePolicyResource
from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource
from stepweave.local_cloud.adapters.cloudformation.resources.state_machine import StateMachineResource
from stepweave.local_cloud.adapters.cloudformation.resources.state_machine_version import (
    StateMachineAliasResource,
    StateMachineVersionResource,
)

RESOURCES: Final[tuple[type[LocalResource], ...]] = (
    AlarmResource,
    BucketPolicyResource,
    EventArchiveResource,
    EventBusPolicyResource,
    EventBusResource,
    EventInvokeConfigResource,
    EventSourceMappingResource,
    GlobalTableResource,
    LambdaAliasResource,
    LambdaVersionResource,
    MetadataResource,
    QueuePolicyResource,
    StateMachineAliasResource,
    StateMachineResource,
    StateMachineVersionResource,
    TableResource,
)
