"""Types of AWS KMS, Systems Manager and Secrets Manager."""

from __future__ import annotations

import json
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import (
    Properties,
    RefusedError,
    Request,
    Resource,
)


def _tags(tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]


def _configure_key(request: Request, key: str, before: Properties) -> None:
    client, after = request.client("kms"), request.properties
    if before.get("EnableKeyRotation") != after.get("EnableKeyRotation"):
        rotates = as_text(after.get("EnableKeyRotation", False)) == "true"
        (client.enable_key_rotation if rotates else client.disable_key_rotation)(KeyId=key)
    if before.get("Enabled") != after.get("Enabled"):
        enabled = as_text(after.get("Enabled", True)) == "true"
        (client.enable_key if enabled else client.disable_key)(KeyId=key)
    if before and before.get("KeyPolicy") != after.get("KeyPolicy"):
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(after["KeyPolicy"]))
    if before and before.get("Description") != after.get("Description"):
        client.update_key_description(KeyId=key, Description=after.get("Description", ""))
    if after.get("Tags") and before.get("Tags") != after["Tags"]:
        client.tag_resource(KeyId=key, Tags=_tags(after["Tags"]))


class _KeyType(ApiType):
    """Keys: removing one schedules its deletion."""

    def delete(self, request: Request, current: Resource) -> None:
        """Schedule the deletion."""
        days = int(current.properties.get("PendingWindowInDays", 30))
        request.client("kms").schedule_key_deletion(KeyId=current.physical_id, PendingWindowInDays=days)


class _ParameterType(ApiType):
    """Parameters: to make one does not overwrite one that there is, to change it does."""

    def check(self, properties: Properties) -> None:
        """Refuse a kind that CloudFormation does not make."""
        super().check(properties)
        if properties.get("Type") == "SecureString":
            raise RefusedError("CloudFormation makes no parameter of type SecureString")

    def update(self, request: Request, current: Resource) -> Resource:
        """Overwrite the value."""
        parameters = self._converted(request.properties, self.create_operation)
        parameters.pop("Tags", None)  # not together with what is overwritten
        request.client("ssm").put_parameter(**{"Name": current.physical_id, **parameters, "Overwrite": True})
        return self._resource(request, current.physical_id, {})


def _generated(request: Request, properties: Properties) -> dict[str, Any]:
    """Return the properties with the value that ``GenerateSecretString`` asks for."""
    found = dict(properties)
    asked = found.pop("GenerateSecretString", None)
    if asked is None:
        return found
    names = ("SecretStringTemplate", "GenerateStringKey")
    settings = {name: value for name, value in asked.items() if name not in names}
    for name, value in settings.items():
        settings[name] = (
            int(value)
            if name == "PasswordLength"
            else value
            if name == "ExcludeCharacters"
            else as_text(value) == "true"
        )
    password = request.client("secretsmanager").get_random_password(**settings)["RandomPassword"]
    if "GenerateStringKey" in asked:
        members = json.loads(asked.get("SecretStringTemplate") or "{}")
        password = json.dumps({**members, asked["GenerateStringKey"]: password})
    return {**found, "SecretString": password}


class _SecretType(ApiType):
    """Secrets, whose value may be generated."""

    def create(self, request: Request) -> Resource:
        """Make one, with a value even if none is given."""
        properties = _generated(request, request.properties)
        if "SecretString" not in properties:
            properties = _generated(request, {**properties, "GenerateSecretString": {}})
        made = super().create(Request(**{**vars(request), "properties": properties}))
        return Resource(made.physical_id, made.attributes, request.properties)

    def update(self, request: Request, current: Resource) -> Resource:
        """Change one; the value stays unless what generates it changes."""
        before, after = dict(current.properties), dict(request.properties)
        if before.get("GenerateSecretString") == after.get("GenerateSecretString"):
            after.pop("GenerateSecretString", None)
            before.pop("GenerateSecretString", None)
        properties = _generated(request, after)
        made = super().update(
            Request(**{**vars(request), "properties": properties}),
            Resource(current.physical_id, current.attributes, before),
        )
        return Resource(made.physical_id, made.attributes, request.properties)

    def delete(self, request: Request, current: Resource) -> None:
        """Remove it for good, as CloudFormation does."""
        request.client("secretsmanager").delete_secret(SecretId=current.physical_id, ForceDeleteWithoutRecovery=True)


def _put_secret_policy(request: Request, _physical_id: str, _before: Properties) -> None:
    properties = request.properties
    request.client("secretsmanager").put_resource_policy(
        SecretId=properties["SecretId"], ResourcePolicy=json.dumps(properties["ResourcePolicy"])
    )


def _delete_secret_policy(request: Request, _physical_id: str, before: Properties) -> None:
    request.client("secretsmanager").delete_resource_policy(SecretId=before["SecretId"])


TYPES: Final[tuple[ApiType, ...]] = (
    _KeyType(
        name="AWS::KMS::Key",
        service="kms",
        create_operation="create_key",
        identity="KeyMetadata.KeyId",
        key="KeyId",
        replaces=frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"}),
        applied=frozenset({"EnableKeyRotation", "Enabled", "Tags"}),
        changes_by_apply=frozenset({"Description", "KeyPolicy"}),
        passes=frozenset({"PendingWindowInDays", "RotationPeriodInDays"}),
        read="describe_key",
        attributes={"Arn": "KeyMetadata.Arn", "KeyId": itself},
        renames={"KeyPolicy": "Policy"},
        apply=_configure_key,
    ),
    ApiType(
        name="AWS::KMS::Alias",
        service="kms",
        create_operation="create_alias",
        update_operation="update_alias",
        delete_operation="delete_alias",
        identity="=AliasName",
        key="AliasName",
        replaces=frozenset({"AliasName"}),
    ),
    _ParameterType(
        name="AWS::SSM::Parameter",
        service="ssm",
        create_operation="put_parameter",
        update_operation="put_parameter",
        delete_operation="delete_parameter",
        identity="=Name",
        key="Name",
        named_by="Name",
        name_limit=1000,
        read="get_parameter",
        attributes={"Type": "Parameter.Type", "Value": "Parameter.Value"},
        required=frozenset({"Type", "Value"}),
    ),
    _SecretType(
        name="AWS::SecretsManager::Secret",
        service="secretsmanager",
        create_operation="create_secret",
        update_operation="update_secret",
        identity="ARN",
        key="SecretId",
        named_by="Name",
        name_limit=512,
        refuses=frozenset({"ReplicaRegions"}),
        passes=frozenset({"GenerateSecretString"}),
        attributes={"Id": itself},
    ),
    ApiType(
        name="AWS::SecretsManager::ResourcePolicy",
        service="secretsmanager",
        replaces=frozenset({"SecretId"}),
        applied=frozenset({"BlockPublicPolicy", "ResourcePolicy", "SecretId"}),
        required=frozenset({"ResourcePolicy", "SecretId"}),
        apply=_put_secret_policy,
        before_delete=_delete_secret_policy,
        attributes={"Id": itself},
    ),
)
