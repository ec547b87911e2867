"""Metrics and alarms on a clock that skips, with a topic and a queue that is told."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.cloudwatch.alarms import evaluated_alarms
from stepweave.local_cloud.adapters.cloudwatch.log_metrics import log_metrics
from stepweave.local_cloud.adapters.cloudwatch.metric_api import metric_api
from stepweave.local_cloud.adapters.cloudwatch.queue_metrics import queue_metrics
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.clock.controlled_modules import events_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.metrics.store import MetricStore
from stepweave.local_cloud.server import WsgiApplication

START = datetime(2026, 11, 23, 7, 7, 30, tzinfo=UTC)
URL = "http://localhost/123456789012/told"
Client = Callable[[str], Any]


@pytest.fixture
def clients(application: WsgiApplication) -> InProcessClients:
    return InProcessClients(refused_operations(application), "http://localhost")


@pytest.fixture
def clock(clients: InProcessClients) -> Iterator[VirtualClock]:
    clock = VirtualClock(real_time=START.timestamp)
    stores = defaultdict[str, MetricStore](MetricStore).__getitem__
    with (
        events_on(clock),
        queue_metrics(stores) as sample,
        log_metrics(stores),
        metric_api(stores, sample),
        evaluated_alarms(stores, sample, clients),
    ):
        yield clock


@pytest.fixture
def client(clients: InProcessClients, clock: VirtualClock) -> Client:
    def client(service: str) -> Any:
        return clients.client("us-east-1", service)

    topic = client("sns").create_topic(Name="t")["TopicArn"]
    client("sqs").create_queue(QueueName="told")
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
    return client


def alarm(client: Client, name: str = "a", **settings: Any) -> None:
    client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "n",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:t"],
            "OKActions": ["arn:aws:sns:us-east-1:123456789012:t"],
            **settings,
        }
    )


def state(client: Client, name: str = "a", kind: str = "MetricAlarms") -> str:
    return str(client("cloudwatch").describe_alarms(AlarmNames=[name])[kind][0]["StateValue"])


def told(client: Client) -> list[dict[str, Any]]:
    messages = client("sqs").receive_message(QueueUrl=URL, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]


def test_an_alarm_changes_its_state_and_tells(client: Client, clock: VirtualClock) -> None:
    alarm(client, TreatMissingData="notBreaching")
    clock.advance(1)
    assert state(client) == "OK"
    client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 10}])
    clock.advance(1)
    assert state(client) == "ALARM"
    clock.advance(300)
    assert state(client) == "OK"
    assert [message["NewStateValue"] for message in told(client)] == ["OK", "ALARM", "OK"]
    history = client("cloudwatch").describe_alarm_history(AlarmName="a", ScanBy="TimestampAscending")
    assert [each["HistorySummary"] for each in history["AlarmHistoryItems"]][:2] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
    ]


def test_reasons_and_triggers_are_those_of_aws(client: Client, clock: VirtualClock) -> None:
    alarm(client)
    client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 10}])
    clock.advance(1)
    (message,) = told(client)
    assert message["NewStateReason"] == (
        "Threshold Crossed: 1 datapoint [10.0 (23/11/26 07:07:00)] was greater than the threshold (5.0)."
    )
    assert message["OldStateValue"] == "INSUFFICIENT_DATA"
    assert message["Trigger"]["Statistic"] == "SUM"


def test_a_queue_that_holds_messages_raises_an_alarm(client: Client, clock: VirtualClock) -> None:
    dimension = {"Name": "QueueName", "Value": "q"}
    name = "ApproximateNumberOfMessagesVisible"
    alarm(client, Namespace="AWS/SQS", MetricName=name, Statistic="Maximum", Threshold=0, Dimensions=[dimension])
    client("sqs").create_queue(QueueName="q")
    client("sqs").send_message(QueueUrl="http://localhost/123456789012/q", MessageBody="m")
    clock.advance(61)
    assert state(client) == "ALARM"


def test_math_and_composite_alarms(client: Client, clock: VirtualClock) -> None:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    client("cloudwatch").put_metric_alarm(
        AlarmName="math",
        EvaluationPeriods=1,
        Threshold=15,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[
            {"Id": "a", "MetricStat": stat, "ReturnData": False},
            {"Id": "b", "Expression": "a * 2", "ReturnData": True},
        ],
    )
    client("cloudwatch").put_composite_alarm(AlarmName="both", AlarmRule="ALARM(math) AND NOT ALARM(other)")
    client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 10}])
    clock.advance(1)
    assert state(client, "math") == "ALARM"
    assert state(client, "both", "CompositeAlarms") == "ALARM"


def test_what_was_measured_is_found(client: Client) -> None:
    cloudwatch = client("cloudwatch")
    dimensions = [{"Name": "a", "Value": "1"}]
    datum = {"MetricName": "m", "Dimensions": dimensions, "Values": [1, 5], "Counts": [3, 1], "Unit": "Count"}
    cloudwatch.put_metric_data(Namespace="n", MetricData=[datum])
    listed = cloudwatch.list_metrics(Namespace="n", Dimensions=[{"Name": "a"}])["Metrics"]
    assert listed == [{"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}]
    span = {"StartTime": START - timedelta(minutes=1), "EndTime": START + timedelta(minutes=1)}
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="n", MetricName="m", Dimensions=dimensions, Period=60, Statistics=["Sum", "Average"], **span
    )["Datapoints"]
    assert (point["Sum"], point["Average"], point["Unit"]) == (8.0, 2.0, "Count")
    stat = {"Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}, "Period": 60, "Stat": "p99"}
    queries = [{"Id": "a", "MetricStat": stat, "ReturnData": False}, {"Id": "b", "Expression": "a + 1"}]
    (result,) = cloudwatch.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
    assert (result["Id"], result["Values"]) == ("b", [6.0])


def test_logs_are_measured_by_format_and_by_filter(client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    transformation = {"metricNamespace": "filtered", "metricName": "ms", "metricValue": "$.ms"}
    logs.put_metric_filter(
        logGroupName="g", filterName="f", filterPattern='{ $.level = "E" }', metricTransformations=[transformation]
    )
    directive = {"Namespace": "embedded", "Dimensions": [[]], "Metrics": [{"Name": "n"}]}
    messages = [
        {"level": "E", "ms": 7},
        {"level": "I", "ms": 9},
        {"_aws": {"CloudWatchMetrics": [directive]}, "n": 2},
    ]
    now = int(datetime.now(UTC).timestamp() * 1000)
    logs.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": now, "message": json.dumps(message)} for message in messages],
    )
    found = logs.filter_log_events(logGroupName="g", filterPattern="{ $.ms > 8 }")["events"]
    assert [json.loads(event["message"])["ms"] for event in found] == [9]
    for namespace, expected in (("filtered", 7.0), ("embedded", 2.0)):
        name = {"filtered": "ms", "embedded": "n"}[namespace]
        at = datetime.fromtimestamp(now / 1000, UTC)
        span = {"StartTime": at - timedelta(minutes=2), "EndTime": at + timedelta(minutes=2)}
        points = client("cloudwatch").get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=60, Statistics=["Sum"], **span
        )["Datapoints"]
        assert [point["Sum"] for point in points] == [expected]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "NotImplemented"),
        ({"Statistic": None, "ExtendedStatistic": "tm90"}, "InvalidParameterValue"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "NotImplemented"),
    ],
)
def test_alarms_that_cannot_be_are_refused(client: Client, settings: dict[str, Any], code: str) -> None:
    given = {"Statistic": "Sum", **settings}
    with pytest.raises(ClientError) as raised:
        alarm(client, **({} if given["Statistic"] is None else settings) or {"ExtendedStatistic": "tm90"})
    assert raised.value.response["Error"]["Code"] == code
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_upstream_still_keeps_the_first_state(application: WsgiApplication) -> None:
    bare = InProcessClients(application, "http://localhost")
    cloudwatch: Any = bare.client("us-east-1", "cloudwatch")
    alarm(lambda _: cloudwatch)
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "OK"
