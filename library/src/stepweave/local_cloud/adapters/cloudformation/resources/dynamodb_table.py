"""``AWS::DynamoDB::Table`` and ``AWS::DynamoDB::GlobalTable``.

Upstream defects: global tables (CDK's ``TableV2``) are unknown; time to live and point-in-time recovery of a table are
ignored; and a changed table is forgotten, since there is no update.
"""

from __future__ import annotations

from typing import Any

from moto.dynamodb.models import Table, dynamodb_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class TableResource(LocalResource):
    """A table as CloudFormation handles it."""

    def __init__(self, table: Table) -> None:
        self.table = table

    @property
    def physical_resource_id(self) -> str:
        """The table's name."""
        return str(self.table.name)

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::DynamoDB::Table"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "TableName"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in {"Arn", "StreamArn", "TableId"}

    def get_cfn_attribute(self, attribute: str) -> str:
        """Return what ``Fn::GetAtt`` gives."""
        if attribute == "StreamArn":
            return f"{self.table.table_arn}/stream/{self.table.latest_stream_label}"
        return str(self.table.table_arn if attribute == "Arn" else self.table.id)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> TableResource:
        properties = cls._as_table(cloudformation_json["Properties"])
        table = Table.create_from_cloudformation_json(
            resource_name, {"Properties": properties}, account_id, region_name
        )
        _apply_settings(table, properties, account_id, region_name)
        return cls(table)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: TableResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> TableResource:
        properties = cls._as_table(cloudformation_json["Properties"])
        table = original_resource.table
        is_renamed = properties.get("TableName", table.name) != table.name
        if is_renamed or properties["KeySchema"] != table.schema:
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(new_resource_name, cloudformation_json, account_id, region_name)
        table.attr = properties.get("AttributeDefinitions", table.attr)
        table.billing_mode = properties.get("BillingMode", "PROVISIONED")
        table.deletion_protection_enabled = properties.get("DeletionProtectionEnabled", False)
        _apply_settings(table, properties, account_id, region_name)
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the table."""
        dynamodb_backends[account_id][region_name].delete_table(name=self.table.name)

    @classmethod
    def _as_table(cls, properties: dict[str, Any]) -> dict[str, Any]:
        return properties


class GlobalTableResource(TableResource):
    """A global table, of which the local cloud has the one replica of its region."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::DynamoDB::GlobalTable"

    @classmethod
    def _as_table(cls, properties: dict[str, Any]) -> dict[str, Any]:
        """Merge the replica's own properties in, as a plain table has them."""
        replica = properties["Replicas"][0]
        table = {key: value for key, value in properties.items() if key != "Replicas"}
        for key in ("PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "Tags"):
            if key in replica:
                table[key] = replica[key]
        if "StreamSpecification" in table:
            table["StreamSpecification"] = {**table["StreamSpecification"], "StreamEnabled": True}
        return table


def _apply_settings(table: Table, properties: dict[str, Any], account_id: str, region_name: str) -> None:
    backend = dynamodb_backends[account_id][region_name]
    if "TimeToLiveSpecification" in properties:
        time_to_live = properties["TimeToLiveSpecification"]
        if "AttributeName" in time_to_live:
            backend.update_time_to_live(
                table.name,
                {"AttributeName": time_to_live["AttributeName"], "Enabled": _is_true(time_to_live["Enabled"])},
            )
    if "PointInTimeRecoverySpecification" in properties:
        recovery = properties["PointInTimeRecoverySpecification"]
        enabled = _is_true(recovery["PointInTimeRecoveryEnabled"])
        backend.update_continuous_backups(table.name, {"PointInTimeRecoveryEnabled": enabled})


def _is_true(value: bool | str) -> bool:
    return value is True or str(value).lower() == "true"
