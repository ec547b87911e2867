"""Lists in pages, by botocore, with and without the adapter."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.paged_lists import paged_lists
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication


@pytest.fixture
def client(application: WsgiApplication) -> Any:
    clients = InProcessClients(refused_operations(paged_lists(application)), "http://localhost")
    return lambda service: clients.client("us-east-1", service)


def alarm(client: Any, name: str) -> None:
    client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def test_a_limit_that_upstream_overlooks_is_kept(client: Any, application: WsgiApplication) -> None:
    for name in "abcde":
        alarm(client, name)
    first = client("cloudwatch").describe_alarms(MaxRecords=2)
    second = client("cloudwatch").describe_alarms(MaxRecords=2, NextToken=first["NextToken"])
    third = client("cloudwatch").describe_alarms(MaxRecords=2, NextToken=second["NextToken"])
    pages = [[each["AlarmName"] for each in page["MetricAlarms"]] for page in (first, second, third)]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert "NextToken" not in third
    bare: Any = InProcessClients(application, "http://localhost").client("us-east-1", "cloudwatch")
    assert len(bare.describe_alarms(MaxRecords=2)["MetricAlarms"]) == 5  # upstream


def test_pages_of_upstream_stay_as_they_are(client: Any) -> None:
    for name in "abc":
        client("sqs").create_queue(QueueName=name)
    pages = client("sqs").get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["QueueUrls"]) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("sqs", "list_queues", {"NextToken": "x"}, "InvalidParameterValueException"),
        ("sns", "list_topics", {"NextToken": "x"}, "InvalidParameter"),
        ("events", "list_rules", {"NextToken": "x"}, "ValidationException"),
        ("logs", "describe_log_groups", {"nextToken": "x"}, "InvalidParameterException"),
        ("lambda", "list_functions", {"Marker": "x"}, "InvalidParameterValueException"),
        ("scheduler", "list_schedules", {"NextToken": "x"}, "ValidationException"),
        ("kms", "list_keys", {"Marker": "x"}, "InvalidMarkerException"),
        ("iam", "list_roles", {"Marker": "x"}, "ValidationError"),
        ("stepfunctions", "list_activities", {"nextToken": "x"}, "InvalidToken"),
    ],
)
def test_a_token_that_nobody_gave_is_refused(
    client: Any, service: str, operation: str, parameters: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(client(service), operation)(**parameters)
    assert raised.value.response["Error"]["Code"] == code
