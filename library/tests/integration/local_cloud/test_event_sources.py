"""Functions get messages of queues and events of buses, in a local cloud that was made by a template."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.cloud import LocalCloud

from .conftest import ROLE, WriteAssembly, function, open_to_rules

CODE = """
import json, os
import boto3

def handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    failures = []
    for record in event.get("Records", [{"messageId": "event", "body": json.dumps(event)}]):
        table.update_item(
            Key={"id": record["body"]}, UpdateExpression="ADD seen :one", ExpressionAttributeValues={":one": 1}
        )
        if record["body"].startswith("bad"):
            failures.append({"itemIdentifier": record["messageId"]})
    table.update_item(
        Key={"id": "#batch"}, UpdateExpression="ADD calls :one", ExpressionAttributeValues={":one": 1}
    )
    if os.environ.get("FAILS"):
        raise ValueError("on purpose")
    return {"batchItemFailures": failures}
"""
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "TableName": "seen",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
}


def queue(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": name, "VisibilityTimeout": 10, **properties},
    }


STACK = {
    "Resources": {
        "Role": ROLE,
        "Table": TABLE,
        "Consumer": function("consumer", "CODE", TABLE="seen"),
        "Failing": function("failing", "CODE", TABLE="seen", FAILS="1"),
        "Dead": queue("dead"),
        "Work": queue(
            "work",
            RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 2},
        ),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]},
                "FunctionName": {"Ref": "Consumer"},
                "BatchSize": "5",
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": {"MaximumConcurrency": 2},
                "FilterCriteria": {"Filters": [{"Pattern": json.dumps({"body": [{"anything-but": ["unwanted"]}]})}]},
            },
        },
        "DeadPolicy": open_to_rules("Dead"),
        "ConsumerPermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "Consumer"},
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                "SourceArn": {"Fn::GetAtt": ["FailureRule", "Arn"]},
            },
        },
        "FailureRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["shop"]},
                "Targets": [
                    {"Id": "f", "Arn": {"Fn::GetAtt": ["Consumer", "Arn"]}, "InputPath": "$.detail"},
                    {"Id": "d", "Arn": {"Fn::GetAtt": ["Dead", "Arn"]}, "InputPath": "$.detail"},
                ],
            },
        },
        "Async": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Failing"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Dead", "Arn"]}}},
            },
        },
    },
    "Outputs": {"Mapping": {"Value": {"Ref": "Mapping"}}},
}


@pytest.fixture
def deployed(cloud: LocalCloud, write_assembly: WriteAssembly) -> Iterator[LocalCloud]:
    cloud.deploy(write_assembly({"Sources": STACK}, {"CODE": CODE}))
    yield cloud
    cloud.session().client("cloudformation").delete_stack(StackName="Sources")


def eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def url(name: str) -> str:
    return f"http://localhost/123456789012/{name}"


def seen(cloud: LocalCloud) -> dict[str, int]:
    items: Any = cloud.session().resource("dynamodb").Table("seen").scan()["Items"]
    return {item["id"]: int(item.get("seen", item.get("calls", 0))) for item in items}


def test_a_mapped_function_gets_the_messages(deployed: LocalCloud) -> None:
    session = deployed.session()
    sqs, functions = session.client("sqs"), session.client("lambda")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    stack = session.client("cloudformation").describe_stacks(StackName="Sources")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == mapping["UUID"]
    assert (mapping["State"], mapping["BatchSize"]) == ("Enabled", 5)
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    bodies = [f"message-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as senders:
        list(senders.map(lambda body: sqs.send_message(QueueUrl=url("work"), MessageBody=body), bodies))
    sqs.send_message(QueueUrl=url("work"), MessageBody="unwanted")
    assert seen(deployed) == {}
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert eventually(lambda: waiting(sqs, "work") == 0)
    found = seen(deployed)
    assert found.pop("#batch") in {4, 5}  # 21 messages in batches of 5, of which one may hold but the unwanted
    assert found == dict.fromkeys(bodies, 1)


def test_what_fails_is_received_again_and_ends_in_the_dead_letter_queue(deployed: LocalCloud) -> None:
    sqs = deployed.session().client("sqs")
    sqs.set_queue_attributes(QueueUrl=url("work"), Attributes={"VisibilityTimeout": "1"})
    for body in ("good", "bad"):
        sqs.send_message(QueueUrl=url("work"), MessageBody=body)
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url("dead")).get("Messages"))
    assert message["Body"] == "bad"
    found = seen(deployed)
    assert (found["good"], found["bad"]) == (1, 2)
    assert waiting(sqs, "work") == 0


def test_a_rule_calls_a_function_and_fills_a_queue(deployed: LocalCloud) -> None:
    session = deployed.session()
    session.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": '{"order": 7}'}])
    sqs = session.client("sqs")
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url("dead")).get("Messages"))
    assert message["Body"] == '{"order":7}'
    assert eventually(lambda: '{"order": 7}' in seen(deployed))


def test_the_template_tells_how_events_are_retried_and_where_records_go(deployed: LocalCloud) -> None:
    session = deployed.session()
    session.client("lambda").invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"n": 1}')
    sqs = session.client("sqs")
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=url("dead")).get("Messages"))
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"]["errorMessage"] == "on purpose"


@pytest.mark.parametrize(
    ("source", "settings", "message"),
    [
        ("short", {}, "Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds"),
        ("dead", {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ("none", {}, "The specified queue does not exist"),
        ("dead", {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, "exceeds the max"),
    ],
)
def test_mappings_that_lambda_refuses(
    deployed: LocalCloud, source: str, settings: dict[str, Any], message: str
) -> None:
    session = deployed.session()
    session.client("sqs").create_queue(QueueName="short", Attributes={"VisibilityTimeout": "5"})
    with pytest.raises(ClientError, match=message) as refused:
        session.client("lambda").create_event_source_mapping(
            EventSourceArn=f"arn:aws:sqs:us-east-1:123456789012:{source}", FunctionName="consumer", **settings
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_queue_is_mapped_to_a_function_once(deployed: LocalCloud) -> None:
    with pytest.raises(ClientError, match="already exists") as refused:
        deployed.session().client("lambda").create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:123456789012:work", FunctionName="consumer"
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def waiting(sqs: Any, name: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url(name), AttributeNames=names)["Attributes"]
    return sum(int(value) for value in attributes.values())
