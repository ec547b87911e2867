"""Queues and messages that SQS refuses, and the numbers of messages."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.sqs.checks import queue_checks
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication

URL = "http://localhost/123456789012/q"
TEXT = {"DataType": "String", "StringValue": "x"}


@pytest.fixture
def sqs(application: WsgiApplication) -> Iterator[Any]:
    client: Any = InProcessClients(application, "http://localhost").client("us-east-1", "sqs")
    with queue_checks():
        client.create_queue(QueueName="q")
        yield client


def test_what_aws_refuses_is_refused(sqs: Any) -> None:
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("create_queue", {"QueueName": "r", "Attributes": {"VisibilityTimeout": "43201"}}, "InvalidAttributeValue"),
        ("create_queue", {"QueueName": "r", "Attributes": {"DelaySeconds": "901"}}, "InvalidAttributeValue"),
        ("create_queue", {"QueueName": "r", "Attributes": {"Colour": "red"}}, "InvalidAttributeName"),
        ("set_queue_attributes", {"QueueUrl": URL, "Attributes": {"DelaySeconds": "x"}}, "InvalidAttributeValue"),
        ("send_message", {"QueueUrl": URL, "MessageBody": ""}, "MissingParameter"),
        ("send_message", {"QueueUrl": URL, "MessageBody": "a\x00"}, "InvalidMessageContents"),
        ("send_message", {"QueueUrl": URL, "MessageBody": "a", "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
        (
            "send_message",
            {"QueueUrl": URL, "MessageBody": "a", "MessageAttributes": {f"a{n}": TEXT for n in range(11)}},
            "InvalidParameterValue",
        ),
    ]
    for operation, request, code in refused:
        with pytest.raises(ClientError) as raised:
            getattr(sqs, operation)(**request)
        assert raised.value.response["Error"]["Code"] == code, request


def test_messages_of_a_fifo_queue_are_numbered_and_taken_once(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sent = [
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId="g", MessageDeduplicationId=text)
        for text in "1123"
    ]
    assert sent[0]["MessageId"] == sent[1]["MessageId"]
    numbers = [each["SequenceNumber"] for each in sent]
    assert numbers[0] == numbers[1] < numbers[2] < numbers[3]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["1", "2", "3"]
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    again = sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="g", MessageDeduplicationId="1")
    assert again["MessageId"] == sent[0]["MessageId"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_upstream_still_takes_what_aws_does_not(application: WsgiApplication) -> None:
    bare: Any = InProcessClients(application, "http://localhost").client("us-east-1", "sqs")
    bare.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "43201"})
    bare.send_message(QueueUrl=URL, MessageBody="")
