"""``AWS::CloudWatch::Alarm``.

Upstream defect: the type is unknown.
"""

# ruff: noqa: ARG003 - upstream's signature

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends

from stepweave.local_cloud.adapters.cloudformation.resources.registration import LocalResource


class AlarmResource(LocalResource):
    """A metric alarm."""

    def __init__(self, name: str, arn: str) -> None:
        self.physical_resource_id = name
        self.arn = arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "AlarmName"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute: str) -> str:  # noqa: ARG002 - there is but one
        """Return what ``Fn::GetAtt`` gives."""
        return self.arn

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> AlarmResource:
        properties = cloudformation_json["Properties"]
        alarm = cloudwatch_backends[account_id][region_name].put_metric_alarm(
            name=resource_name,
            namespace=properties.get("Namespace"),
            metric_name=properties.get("MetricName"),
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            period=int(properties.get("Period", 60)),
            threshold=float(properties.get("Threshold", 0)),
            statistic=properties.get("Statistic"),
            extended_statistic=properties.get("ExtendedStatistic"),
            description=properties.get("AlarmDescription"),
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
            ok_actions=properties.get("OKActions", []),
            insufficient_data_actions=properties.get("InsufficientDataActions", []),
            treat_missing_data=properties.get("TreatMissingData"),
            datapoints_to_alarm=properties.get("DatapointsToAlarm"),
            unit=properties.get("Unit"),
            actions_enabled=properties.get("ActionsEnabled", True) not in {False, "false"},
            threshold_metric_id=properties.get("ThresholdMetricId"),
            metric_data_queries=[_query(each) for each in properties.get("Metrics", [])],
        )
        return cls(resource_name, str(alarm.alarm_arn))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: AlarmResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> AlarmResource:
        name = cloudformation_json["Properties"].get("AlarmName", original_resource.physical_resource_id)
        if name != original_resource.physical_resource_id:
            original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove the alarm."""
        cloudwatch_backends[account_id][region_name].delete_alarms([self.physical_resource_id])


def _query(given: dict[str, Any]) -> MetricDataQuery:
    stat = None
    if "MetricStat" in given:
        metric = given["MetricStat"]["Metric"]
        dimensions = [Dimension(each["Name"], each["Value"]) for each in metric.get("Dimensions", [])]
        stat = MetricStat(
            Metric(metric["MetricName"], metric["Namespace"], dimensions),
            given["MetricStat"]["Period"],
            given["MetricStat"]["Stat"],
            given["MetricStat"].get("Unit"),
        )
    returned = given.get("ReturnData", True) not in {False, "false"}
    return MetricDataQuery(
        given["Id"], given.get("Label"), given.get("Period"), returned, given.get("Expression"), stat
    )
