"""``AWS::ECR::Repository``: ``cdk bootstrap`` makes one. Images can be put there; nothing here runs them."""

from __future__ import annotations

import json
from typing import Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request


def _configure(request: Request, name: str, before: Properties) -> None:
    client, after = request.client("ecr"), request.properties
    lifecycle = after.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
    if lifecycle and before.get("LifecyclePolicy") != after["LifecyclePolicy"]:
        client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
    policy = after.get("RepositoryPolicyText")
    if policy and before.get("RepositoryPolicyText") != policy:
        client.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))


TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::ECR::Repository",
        service="ecr",
        create_operation="create_repository",
        delete_operation="delete_repository",
        identity="=repositoryName",
        key="repositoryName",
        named_by="RepositoryName",
        name_limit=256,
        replaces=frozenset({"EncryptionConfiguration"}),
        applied=frozenset({"LifecyclePolicy", "RepositoryPolicyText"}),
        passes=frozenset({"EmptyOnDelete"}),
        changes_by_apply=frozenset({"ImageScanningConfiguration", "ImageTagMutability"}),
        attributes={
            "Arn": "arn:aws:ecr:{region}:{account}:repository/{id}",
            "RepositoryUri": "{account}.dkr.ecr.{region}.amazonaws.com/{id}",
        },
        apply=_configure,
    ),
)
