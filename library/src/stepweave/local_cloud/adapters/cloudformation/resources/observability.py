"""Types of Amazon CloudWatch and its Logs."""

from __future__ import annotations

from typing import Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request
from stepweave.local_cloud.adapters.iam.log_groups import put_policy


def _retain(request: Request, group: str, before: Properties) -> None:
    client, after, setting = request.client("logs"), request.properties, "RetentionInDays"
    if before.get(setting) != after.get(setting):
        if setting in after:
            client.put_retention_policy(logGroupName=group, retentionInDays=int(after[setting]))
        else:
            client.delete_retention_policy(logGroupName=group)
    put_policy(request.account, request.region, group, after.get("ResourcePolicyDocument"))


_ALARM_ARN: Final = "arn:aws:cloudwatch:{region}:{account}:alarm:{id}"

TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::Logs::LogGroup",
        service="logs",
        create_operation="create_log_group",
        delete_operation="delete_log_group",
        identity="=logGroupName",
        key="logGroupName",
        named_by="LogGroupName",
        name_limit=512,
        applied=frozenset({"ResourcePolicyDocument", "RetentionInDays"}),
        passes=frozenset({"DeletionProtectionEnabled", "FieldIndexPolicies"}),
        refuses=frozenset({"DataProtectionPolicy"}),
        replaces=frozenset({"LogGroupClass"}),
        changes_by_apply=frozenset({"KmsKeyId"}),
        attributes={"Arn": "arn:aws:logs:{region}:{account}:log-group:{id}:*"},
        apply=_retain,
    ),
    ApiType(
        name="AWS::Logs::LogStream",
        service="logs",
        create_operation="create_log_stream",
        delete_operation="delete_log_stream",
        identity="=logStreamName",
        key="logStreamName",
        keys={"logGroupName": "LogGroupName"},
        named_by="LogStreamName",
        replaces=frozenset({"LogGroupName"}),
    ),
    ApiType(
        name="AWS::Logs::MetricFilter",
        service="logs",
        create_operation="put_metric_filter",
        delete_operation="delete_metric_filter",
        update_too=True,
        identity="=filterName",
        key="filterName",
        keys={"logGroupName": "LogGroupName"},
        named_by="FilterName",
        replaces=frozenset({"LogGroupName"}),
        refuses=frozenset({"ApplyOnTransformedLogs"}),
    ),
    ApiType(
        name="AWS::Logs::SubscriptionFilter",
        service="logs",
        create_operation="put_subscription_filter",
        delete_operation="delete_subscription_filter",
        update_too=True,
        identity="=filterName",
        key="filterName",
        keys={"logGroupName": "LogGroupName"},
        named_by="FilterName",
        replaces=frozenset({"LogGroupName"}),
        refuses=frozenset({"ApplyOnTransformedLogs"}),
    ),
    ApiType(
        name="AWS::Logs::ResourcePolicy",
        service="logs",
        create_operation="put_resource_policy",
        delete_operation="delete_resource_policy",
        update_too=True,
        identity="=policyName",
        key="policyName",
        named_by="PolicyName",
    ),
    ApiType(
        name="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        create_operation="put_metric_alarm",
        delete_operation="delete_alarms",
        update_too=True,
        identity="=AlarmName",
        known_by=lambda name: {"AlarmNames": [name]},
        named_by="AlarmName",
        name_limit=255,
        attributes={"Arn": _ALARM_ARN},
    ),
    ApiType(
        name="AWS::CloudWatch::Dashboard",
        service="cloudwatch",
        create_operation="put_dashboard",
        delete_operation="delete_dashboards",
        update_too=True,
        identity="=DashboardName",
        known_by=lambda name: {"DashboardNames": [name]},
        named_by="DashboardName",
        name_limit=255,
    ),
    ApiType(
        name="AWS::CDK::Metadata", service="cloudwatch", passes=frozenset({"Analytics"}), attributes={"Id": itself}
    ),
)
