"""All resource types of our own."""

from __future__ import annotations

from typing import Final

from scripts.local_cloud.adapters.resources.alarm import AlarmResource
from scripts.local_cloud.adapters.resources.bucket_policy import BucketPolicyResource
from scripts.local_cloud.adapters.resources.dynamodb_table import GlobalTableResource, TableResource
from scripts.local_cloud.adapters.resources.event_archive import EventArchiveResource
from scripts.local_cloud.adapters.resources.event_bus import EventBusResource
from scripts.local_cloud.adapters.resources.event_bus_policy import EventBusPolicyResource
from scripts.local_cloud.adapters.resources.event_source_mapping import EventSourceMappingResource
from scripts.local_cloud.adapters.resources.lambda_version import (
    EventInvokeConfigResource,
    LambdaAliasResource,
    LambdaVersionResource,
)
from scripts.local_cloud.adapters.resources.metadata import MetadataResource
from scripts.local_cloud.adapters.resources.queue_policy import QueuePolicyResource
from scripts.local_cloud.adapters.resources.registration import LocalResource
from scripts.local_cloud.adapters.resources.state_machine import StateMachineResource
from scripts.local_cloud.adapters.resources.state_machine_version import (
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
