"""KMS, Secrets Manager, STS and IAM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepweave.local_cloud.permissions.actions.table import (
    Access,
    Call,
    ServiceTable,
    encryption_context,
    some,
    use_of_key,
)


def _key(call: Call, name: str = "KeyId") -> str:
    given = call.text(name) or call.text("TargetKeyId")
    if not given and call.text("CiphertextBlob"):
        return call.stored.key_of_ciphertext(call.text("CiphertextBlob")) or "*"
    return call.stored.key_arn(given) or call.arn("kms", given if given.startswith("alias/") else f"key/{given}")


def _key_keys(call: Call, context: str = "EncryptionContext") -> dict[str, tuple[str, ...]]:
    alias = call.text("KeyId").rpartition(":")[2]
    return {
        **some(
            kms__calleraccount=call.account,
            kms__requestalias=alias if alias.startswith("alias/") else None,
            kms__encryptionalgorithm=call.text("EncryptionAlgorithm"),
        ),
        **encryption_context(call.parameters.get(context) or {}),
    }


def _re_encrypt(call: Call) -> Iterator[Access]:
    source = call.stored.key_of_ciphertext(call.text("CiphertextBlob"))
    yield Access("kms:ReEncryptFrom", source or _key(call, "SourceKeyId"), _key_keys(call, "SourceEncryptionContext"))
    yield Access("kms:ReEncryptTo", _key(call, "DestinationKeyId"), _key_keys(call, "DestinationEncryptionContext"))


def _alias(call: Call) -> Iterator[Access]:
    yield Access(f"kms:{call.operation}", call.arn("kms", call.text("AliasName")))
    yield Access(f"kms:{call.operation}", _key(call) if call.text("TargetKeyId") else _aliased(call))


def _aliased(call: Call) -> str:
    return call.stored.key_arn(call.text("AliasName")) or "*"


KMS: Final = ServiceTable(
    "kms",
    _key,
    without_resource=frozenset({"CreateKey", "GenerateRandom", "ListAliases", "ListKeys"}),
    special={"ReEncrypt": _re_encrypt, **dict.fromkeys(("CreateAlias", "DeleteAlias", "UpdateAlias"), _alias)},
    keys=_key_keys,
)


def _secret(call: Call) -> str:
    name = call.text("SecretId") or call.text("Name")
    found = call.stored.secret_arn(name)
    # Of a secret that is not there yet, AWS knows no more than the name.
    return found or call.arn("secretsmanager", f"secret:{name}")


def _get_secret(call: Call) -> Iterator[Access]:
    arn = _secret(call)
    keys = some(secretsmanager__secretid=arn, secretsmanager__versionstage=call.text("VersionStage"))
    yield Access(f"secretsmanager:{call.operation}", arn, keys)
    reads, writes = call.operation == "GetSecretValue", call.operation != "DescribeSecret"
    actions = ("Decrypt",) if reads else ("GenerateDataKey", "Decrypt") if writes else ()
    yield from use_of_key(call, call.stored.encryption_key(arn), *actions, context={"SecretARN": arn})


SECRETS_MANAGER: Final = ServiceTable(
    "secretsmanager",
    _secret,
    without_resource=frozenset({"BatchGetSecretValue", "GetRandomPassword", "ListSecrets"}),
    special=dict.fromkeys(("GetSecretValue", "PutSecretValue", "UpdateSecret", "DescribeSecret"), _get_secret),
    keys=lambda call: some(secretsmanager__secretid=_secret(call) if call.text("SecretId") else None),
)


STS: Final = ServiceTable(
    "sts",
    lambda call: call.text("RoleArn") or "*",
    {"GetCallerIdentity": "", "GetSessionToken": "", "AssumeRoleWithWebIdentity": "", "AssumeRoleWithSAML": ""},
    keys=lambda call: some(sts__externalid=call.text("ExternalId"), sts__rolesessionname=call.text("RoleSessionName")),
)


def _iam_resource(call: Call) -> str:
    for name, kind in (
        ("RoleName", "role"),
        ("UserName", "user"),
        ("GroupName", "group"),
        ("InstanceProfileName", "instance-profile"),
        ("PolicyName", "policy"),
    ):
        if value := call.text(name):
            return f"arn:aws:iam::{call.account}:{kind}/{value}"
    return call.text("PolicyArn") or "*"


IAM: Final = ServiceTable("iam", _iam_resource)
