"""All types of resources that the local cloud has."""

from __future__ import annotations

from typing import Final

from stepweave.local_cloud.adapters.cloudformation.resource_type import ResourceType
from stepweave.local_cloud.adapters.cloudformation.resources import (
    dynamodb,
    ecr,
    event_buses,
    events,
    iam,
    keys_and_parameters,
    lambda_types,
    networks,
    observability,
    s3,
    sns,
    sqs,
    step_functions,
)
from stepweave.local_cloud.adapters.cloudformation.resources.nested_stack import (
    NestedStackType,
    WaitConditionHandleType,
)

_TYPES: Final[tuple[ResourceType, ...]] = (
    *dynamodb.TYPES,
    *ecr.TYPES,
    *event_buses.TYPES,
    *events.TYPES,
    *iam.TYPES,
    *keys_and_parameters.TYPES,
    *lambda_types.TYPES,
    *networks.TYPES,
    *observability.TYPES,
    *s3.TYPES,
    *sns.TYPES,
    *sqs.TYPES,
    *step_functions.TYPES,
    NestedStackType(),
    WaitConditionHandleType(),
)

RESOURCE_TYPES: Final = {one.name: one for one in _TYPES}
"""By name. Custom resources are not among them: each is of a type of its own."""
