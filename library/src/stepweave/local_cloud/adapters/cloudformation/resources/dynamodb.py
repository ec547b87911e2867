"""Types of Amazon DynamoDB."""

from __future__ import annotations

from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, RefusedError, Request, Resource

_SETTINGS: Final = frozenset({"PointInTimeRecoverySpecification", "TimeToLiveSpecification"})
_OF_REPLICA: Final = ("DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "Tags")


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    stream = properties.get("StreamSpecification")
    if isinstance(stream, dict):
        properties = {**properties, "StreamSpecification": {**stream, "StreamEnabled": True}}
    encryption = properties.get("SSESpecification")
    if isinstance(encryption, dict) and "SSEEnabled" in encryption:
        rest = {name: value for name, value in encryption.items() if name != "SSEEnabled"}
        properties = {**properties, "SSESpecification": {**rest, "Enabled": encryption["SSEEnabled"]}}
    return properties


def _global_table(properties: dict[str, Any]) -> dict[str, Any]:
    """Return a global table as a plain one, with its replica's own properties."""
    replicas = properties.get("Replicas") or [{}]
    if len(replicas) > 1:
        raise RefusedError("the local cloud has one region only: it can have one replica")
    table = {key: value for key, value in properties.items() if key != "Replicas"}
    table |= {key: replicas[0][key] for key in _OF_REPLICA if key in replicas[0]}
    for name in ("WriteProvisionedThroughputSettings", "WriteOnDemandThroughputSettings"):
        table.pop(name, None)
    return table


def _plain(properties: Properties) -> Properties:
    return _global_table(dict(properties)) if "Replicas" in properties else properties


def _configure(request: Request, table: str, before: Properties) -> None:
    client, after, before = request.client("dynamodb"), _plain(request.properties), _plain(before)
    recovery = "PointInTimeRecoverySpecification"
    if before.get(recovery) != after.get(recovery):
        enabled = as_text(after.get(recovery, {}).get("PointInTimeRecoveryEnabled", False)) == "true"
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )
    expiry = "TimeToLiveSpecification"
    if before.get(expiry) != after.get(expiry):
        now, then = after.get(expiry) or {}, before.get(expiry) or {}
        name = now.get("AttributeName") or then.get("AttributeName")
        if name:
            enabled = as_text(now.get("Enabled", False)) == "true"
            client.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"AttributeName": name, "Enabled": enabled}
            )
    if before and before.get("Tags") != after.get("Tags"):
        _change_tags(client, table, after.get("Tags", []), before.get("Tags", []))


def _change_tags(client: Any, table: str, tags: list[dict[str, str]], former: list[dict[str, str]]) -> None:
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    gone = sorted({tag["Key"] for tag in former} - {tag["Key"] for tag in tags})
    if gone:
        client.untag_resource(ResourceArn=arn, TagKeys=gone)
    if tags:
        client.tag_resource(ResourceArn=arn, Tags=tags)


class _TableType(ApiType):
    """Tables: an update tells which indexes come and go."""

    def update(self, request: Request, current: Resource) -> Resource:
        """Change one, an index at a time."""
        before, after = (self.adjust(dict(of.properties)) for of in (current, request))
        plain = {name: value for name, value in after.items() if name != "GlobalSecondaryIndexes"}
        made = super().update(Request(**{**vars(request), "properties": plain}), current)
        client = request.client("dynamodb")
        new, old = (
            {index["IndexName"]: index for index in of.get("GlobalSecondaryIndexes", [])} for of in (after, before)
        )
        changes = [{"Delete": {"IndexName": name}} for name in old if old[name] != new.get(name)]
        changes += [{"Create": index} for name, index in new.items() if old.get(name) != index]
        for change in changes:
            client.update_table(
                TableName=current.physical_id,
                AttributeDefinitions=after["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[change],
            )
        return Resource(made.physical_id, made.attributes, request.properties)


TYPES: Final[tuple[ApiType, ...]] = tuple(
    _TableType(
        name=f"AWS::DynamoDB::{name}",
        service="dynamodb",
        create_operation="create_table",
        update_operation="update_table",
        delete_operation="delete_table",
        identity="TableDescription.TableName",
        key="TableName",
        named_by="TableName",
        name_limit=255,
        replaces=frozenset({"KeySchema", "LocalSecondaryIndexes"}),
        applied=_SETTINGS,
        changes_by_apply=frozenset({"Tags"}),
        passes=frozenset({"ContributorInsightsSpecification", "WarmThroughput", "TimeToLive"}),
        refuses=frozenset({"ImportSourceSpecification", "KinesisStreamSpecification", "ResourcePolicy"}),
        read="describe_table",
        attributes={"Arn": "Table.TableArn", "StreamArn": "Table.LatestStreamArn"},
        adjust=adjust,
        apply=_configure,
        defaults={"StreamSpecification": {}, "DeletionProtectionEnabled": False},
    )
    for name, adjust in (("Table", _table), ("GlobalTable", lambda given: _table(_global_table(given))))
)
