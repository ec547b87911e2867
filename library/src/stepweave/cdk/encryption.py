"""The KMS keys that encrypt what is deployed, where some were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stepweave.cdk.policy import allow
from stepweave.cdk.settings import Settings

if TYPE_CHECKING:
    from stepweave.cdk.storage import Storage

_CONSTRUCT: Final = "EncryptionKey"
_USES: Final = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")


def encryption_key(scope: Construct, settings: Settings) -> kms.IKey | None:
    """Return the key that the settings name; None if AWS's own keys are to be used."""
    if settings.kms_key_arn is None:
        return None
    stack = cdk.Stack.of(scope)
    found = stack.node.try_find_child(_CONSTRUCT)
    return kms.Key.from_key_arn(stack, _CONSTRUCT, settings.kms_key_arn) if found is None else cast("kms.IKey", found)


def use_of_key(storage: Storage) -> Mapping[str, iam.PolicyDocument]:
    """Return the policy, by its name, that lets a role read and write what keys encrypt; none without a key."""
    keys = (storage.encryption_key, storage.payload_bucket.encryption_key)
    arns = {key.key_arn: None for key in keys if key is not None}
    return {"UseKey": allow("kms", _USES, arns)} if arns else {}
