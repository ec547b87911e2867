"""What topics, functions and buses are told of an alarm that changed its state."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from moto.cloudwatch.models import Alarm

_REGIONS: Final = {"us-east-1": "US East (N. Virginia)"}

JsonObject = dict[str, Any]


def notification(alarm: Alarm, old_state: str) -> tuple[str, str]:
    """Return the subject and the text of the message to a topic."""
    region, account = alarm.alarm_arn.split(":")[3:5]
    place = _REGIONS.get(region, region)
    message: JsonObject = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _time(alarm.state_updated_timestamp),
        "Region": place,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old_state,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule:
        message["AlarmRule"] = alarm.rule
    else:
        message["Trigger"] = _trigger(alarm)
    return f'{alarm.state_value}: "{alarm.name}" in {place}'[:100], json.dumps(message)


def function_event(alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> JsonObject:
    """Return the event for a function."""
    region, account = alarm.alarm_arn.split(":")[3:5]
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.alarm_arn,
        "accountId": account,
        "time": _time(alarm.state_updated_timestamp),
        "region": region,
        "alarmData": _detail(alarm, old_state, old_reason, old_time),
    }


def state_change(alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> JsonObject:
    """Return the event for the default bus."""
    region, account = alarm.alarm_arn.split(":")[3:5]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": alarm.state_updated_timestamp.replace(tzinfo=UTC).timestamp(),
        "region": region,
        "resources": [alarm.alarm_arn],
        "detail": _detail(alarm, old_state, old_reason, old_time),
    }


def _detail(alarm: Alarm, old_state: str, old_reason: str, old_time: datetime) -> JsonObject:
    configuration: JsonObject = {"description": alarm.description}
    if not alarm.rule and not alarm.metric_data_queries:
        configuration["metrics"] = [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.alarm_arn)),
                "metricStat": {
                    "metric": {
                        "namespace": alarm.namespace,
                        "name": alarm.metric_name,
                        "dimensions": {str(each.name): str(each.value) for each in alarm.dimensions},
                    },
                    "period": alarm.period,
                    "stat": alarm.statistic or alarm.extended_statistic,
                },
                "returnData": True,
            }
        ]
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp),
        "previousState": _state(old_state, old_reason, old_time),
        "configuration": {name: value for name, value in configuration.items() if value is not None},
    }


def _state(value: str, reason: str, at: datetime) -> JsonObject:
    return {"value": value, "reason": reason, "timestamp": _time(at)}


def _trigger(alarm: Alarm) -> JsonObject:
    common = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.datapoints_to_alarm:
        common["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    if alarm.metric_data_queries:
        return {
            **common,
            "Metrics": [{"Id": each.id, "Expression": each.expression} for each in alarm.metric_data_queries],
        }
    is_extended = not alarm.statistic
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if is_extended else "Statistic",
        "ExtendedStatistic" if is_extended else "Statistic": alarm.extended_statistic or alarm.statistic.upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
        **common,
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
