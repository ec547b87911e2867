"""Topics with queues as their subscribers, and the defects that the adapter mends."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.sns.topics import topic_deliveries
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication

QUEUES = "arn:aws:sqs:us-east-1:123456789012:"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
Client = Callable[[str], Any]


@pytest.fixture
def client(application: WsgiApplication) -> Iterator[Client]:
    clients = InProcessClients(refused_operations(application), "http://localhost")
    with topic_deliveries(clients, 0.01):
        clients.client("us-east-1", "sns").create_topic(Name="t")  # type: ignore[attr-defined]
        yield lambda service: clients.client("us-east-1", service)


def queue(client: Client, name: str, **attributes: str) -> Callable[[], list[Any]]:
    url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def receive() -> list[Any]:
        found: list[Any] = []
        while (
            messages := client("sqs")
            .receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1 if not found else 0,
                MessageAttributeNames=["All"],
            )
            .get("Messages")
        ):
            found += messages
            for each in messages:
                client("sqs").delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    return receive


def subscribe(client: Client, name: str, topic: str = TOPIC, protocol: str = "sqs", **attributes: str) -> Any:
    return client("sns").subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=name if protocol != "sqs" else QUEUES + name, Attributes=attributes
    )


def test_subscribers_get_what_they_want_as_they_want_it(client: Client) -> None:
    raw, wrapped, none = queue(client, "raw"), queue(client, "wrapped"), queue(client, "none")
    subscribe(client, "raw", RawMessageDelivery="true")
    subscribe(client, "wrapped", RawMessageDelivery="false")
    subscribe(client, "none", FilterPolicy='{"k": ["b"]}')
    attributes = {
        "k": {"DataType": "String", "StringValue": "a"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    client("sns").publish(TopicArn=TOPIC, Message="text", Subject="subject", MessageAttributes=attributes)
    (got,) = raw()
    assert (got["Body"], got["MessageAttributes"]["b"]["BinaryValue"]) == ("text", b"\x01")
    (got,) = wrapped()
    body = json.loads(got["Body"])
    assert (body["Message"], body["Subject"], body["Type"]) == ("text", "subject", "Notification")
    assert body["MessageAttributes"] == {
        "k": {"Type": "String", "Value": "a"},
        "b": {"Type": "Binary", "Value": "AQ=="},
    }
    assert none() == []


def test_what_cannot_be_delivered_is_a_dead_letter(client: Client) -> None:
    dead = queue(client, "dead")
    subscribe(client, "gone", RedrivePolicy=json.dumps({"deadLetterTargetArn": QUEUES + "dead"}))
    client("sns").publish(TopicArn=TOPIC, Message="lost")
    assert [json.loads(each["Body"])["Message"] for each in dead()] == ["lost"]


def test_a_fifo_topic_numbers_and_deduplicates(client: Client) -> None:
    topic = client("sns").create_topic(
        Name="f.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    )["TopicArn"]
    fifo, standard = queue(client, "f.fifo", FifoQueue="true"), queue(client, "standard")
    subscribe(client, "f.fifo", topic, RawMessageDelivery="true")
    subscribe(client, "standard", topic, RawMessageDelivery="true")
    numbers = [
        client("sns").publish(TopicArn=topic, Message=text, MessageGroupId="g")["SequenceNumber"] for text in "1123"
    ]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 3
    assert [each["Body"] for each in fifo()] == ["1", "2", "3"]
    assert [each["Body"] for each in standard()] == ["1", "2", "3"]


def test_an_e_mail_waits_for_a_person(client: Client) -> None:
    assert subscribe(client, "a@b.c", protocol="email")["SubscriptionArn"] == "pending confirmation"
    (listed,) = client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"Message": ""}, "Invalid parameter: Empty message"),
        ({"Message": "x" * 262_145}, "Invalid parameter: Message too long"),
        ({"Message": "m", "Subject": ""}, "Invalid parameter: Subject"),
        ({"Message": "m", "TopicArn": "x"}, "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ({"Message": "m", "TopicArn": TOPIC + "x"}, "Topic does not exist"),
        ({"Message": "m", "MessageStructure": "json"}, "Message Structure - JSON message body failed to parse"),
        ({"Message": "{}", "MessageStructure": "json"}, "Message Structure - No default entry in JSON message body"),
    ],
)
def test_publications_that_aws_refuses_are_refused(client: Client, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as raised:
        client("sns").publish(**{"TopicArn": TOPIC, **request_})
    assert message in raised.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("protocol", "attributes", "message"),
    [
        ("pigeon", {}, "does not support this protocol string: pigeon"),
        ("firehose", {}, "a subscription by firehose"),
        ("lambda", {}, "Lambda endpoint ARN"),
        ("sqs", {"RawMessageDelivery": "x"}, "RawMessageDelivery: Invalid value [x]. Must be true or false."),
        ("sqs", {"FilterPolicy": '{"a": [{"x": 1}]}'}, "Attributes Reason: FilterPolicy: Unrecognized match type x"),
        ("sqs", {"FilterPolicy": '{"a": {"b": ["c"]}}'}, "does not support nested filter policy"),
        ("sqs", {"FilterPolicyScope": "x"}, "Please use either MessageBody or MessageAttributes"),
        ("sqs", {"RedrivePolicy": "{}"}, "RedrivePolicy: deadLetterTargetArn is an invalid arn"),
    ],
)
def test_subscriptions_that_aws_refuses_are_not_made(
    client: Client, protocol: str, attributes: dict[str, str], message: str
) -> None:
    with pytest.raises(ClientError) as raised:
        subscribe(client, "x", protocol=protocol, **attributes)
    assert message in raised.value.response["Error"]["Message"]
    assert client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"] == []


def test_upstream_still_fails_the_publisher_for_a_subscriber_that_is_gone(application: WsgiApplication) -> None:
    bare = InProcessClients(application, "http://localhost")
    sns: Any = bare.client("us-east-1", "sns")
    sns.create_topic(Name="t")
    subscribe(lambda _: sns, "gone")
    with pytest.raises(ClientError, match="NonExistentQueue"):
        sns.publish(TopicArn=TOPIC, Message="text")
