"""The KMS key that encrypts what is deployed, where one was chosen."""

from collections.abc import Mapping
from typing import Final, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stepweave.cdk.policy import allow
from stepweave.cdk.settings import Settings

_CONSTRUCT: Final = "EncryptionKey"
_USES: Final = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")


def encryption_key(scope: Construct, settings: Settings) -> kms.IKey | None:
    """Return the key that was chosen; None if AWS's own keys are to be used."""
    if settings.kms_key_arn is None:
        return None
    stack = cdk.Stack.of(scope)
    found = stack.node.try_find_child(_CONSTRUCT)
    return kms.Key.from_key_arn(stack, _CONSTRUCT, settings.kms_key_arn) if found is None else cast("kms.IKey", found)


def use_of_key(settings: Settings) -> Mapping[str, iam.PolicyDocument]:
    """Return the policy, by its name, that lets a role read and write what the key encrypts; none without a key."""
    if settings.kms_key_arn is None:
        return {}
    return {"UseKey": allow("kms", _USES, [settings.kms_key_arn])}
