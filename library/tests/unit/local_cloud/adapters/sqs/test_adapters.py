"""Adapters of SQS, with the defects that they mend."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from stepweave.local_cloud.adapters.sqs.mapped_queue import MappedQueue
from stepweave.local_cloud.adapters.sqs.message_moves import queue_moves
from stepweave.local_cloud.adapters.sqs.messages import QueueListeners, queue_messages

Client = Callable[[str], Any]

ARN = "arn:aws:sqs:us-east-1:123456789012:{}"


def url(name: str) -> str:
    return f"http://localhost/123456789012/{name}"


@pytest.fixture
def listeners() -> Iterator[QueueListeners]:
    with queue_messages() as listeners, queue_moves(listeners.messages_lock):
        yield listeners


@pytest.fixture
def sqs(client: Client) -> Any:
    """A client, with a queue `work` whose dead-letter queue is `dead`."""
    sqs = client("sqs")
    sqs.create_queue(QueueName="dead")
    policy = json.dumps({"deadLetterTargetArn": ARN.format("dead"), "maxReceiveCount": 1})
    sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    return sqs


def bodies(sqs: Any, name: str) -> list[str]:
    messages = sqs.receive_message(QueueUrl=url(name), MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


@pytest.mark.usefixtures("listeners")
def test_receivers_at_one_time_get_each_message_once_and_none_is_lost(sqs: Any) -> None:
    sqs.create_queue(QueueName="busy")
    backend = sqs_backends["123456789012"]["us-east-1"]
    received: queue.Queue[str] = queue.Queue()
    total = 400

    def receive(_: int) -> None:
        while received.qsize() < total:
            for message in backend.receive_message("busy", 3, 0, 60):
                received.put(message.body)
                backend.delete_message("busy", message.receipt_handle)

    with ThreadPoolExecutor(6) as threads:
        done = [threads.submit(receive, number) for number in range(4)]
        for number in range(total):
            threads.submit(backend.send_message, "busy", str(number))
        for future in done:
            future.result(timeout=60)
    assert sorted(received.queue, key=int) == [str(number) for number in range(total)]


def test_who_listens_is_told(sqs: Any, listeners: QueueListeners) -> None:
    calls: list[str] = []
    listener = lambda: calls.append("told")  # noqa: E731 - compared by identity
    listeners.add(ARN.format("work"), listener)
    sqs.send_message(QueueUrl=url("work"), MessageBody="a")
    sqs.send_message(QueueUrl=url("dead"), MessageBody="a")
    assert calls == ["told"]
    listeners.remove(ARN.format("work"), listener)
    sqs.send_message(QueueUrl=url("work"), MessageBody="b")
    assert calls == ["told"]


@pytest.mark.usefixtures("listeners")
def test_waiting_for_a_message_ends_when_it_comes(sqs: Any) -> None:
    timer = threading.Timer(0.05, lambda: sqs.send_message(QueueUrl=url("dead"), MessageBody="late"))
    timer.start()
    (message,) = sqs.receive_message(QueueUrl=url("dead"), WaitTimeSeconds=20)["Messages"]
    assert message["Body"] == "late"
    timer.join()


@pytest.mark.usefixtures("listeners")
def test_dead_letters_are_moved_back_to_where_they_came_from(sqs: Any) -> None:
    for body in ("a", "b"):
        sqs.send_message(QueueUrl=url("work"), MessageBody=body)
    assert sorted(bodies(sqs, "work")) == ["a", "b"]
    assert bodies(sqs, "work") == []  # once too often: they move
    handle = sqs.start_message_move_task(SourceArn=ARN.format("dead"))["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=ARN.format("dead"))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert sorted(bodies(sqs, "work")) == ["a", "b"]
    assert bodies(sqs, "dead") == []
    with pytest.raises(ClientError, match="Only active tasks"):
        sqs.cancel_message_move_task(TaskHandle=handle)


@pytest.mark.usefixtures("listeners")
def test_dead_letters_are_moved_to_another_queue(sqs: Any) -> None:
    sqs.create_queue(QueueName="other")
    sqs.send_message(QueueUrl=url("dead"), MessageBody="a")
    sqs.start_message_move_task(SourceArn=ARN.format("dead"), DestinationArn=ARN.format("other"))
    assert bodies(sqs, "other") == ["a"]


@pytest.mark.usefixtures("listeners")
@pytest.mark.parametrize(("source", "code"), [("none", "ResourceNotFoundException"), ("work", "InvalidParameterValue")])
def test_moves_that_sqs_refuses(sqs: Any, source: str, code: str) -> None:
    with pytest.raises(ClientError) as error:
        sqs.start_message_move_task(SourceArn=ARN.format(source))
    assert error.value.response["Error"]["Code"].endswith(code)


@pytest.mark.parametrize(
    ("pattern", "body", "matches"),
    [
        ({"body": {"n": [{"numeric": [">", 1]}]}}, '{"n": 2}', True),
        ({"body": {"n": [{"numeric": [">", 1]}]}}, '{"n": 1}', False),
        ({"body": {"n": [2]}}, "no json", False),
        ({"body": ["plain"]}, "plain", True),
        ({"body": ["plain"]}, "other", False),
        ({"messageAttributes": {"kind": {"stringValue": ["x"]}}}, "any", True),
        ({"messageAttributes": {"kind": {"stringValue": ["y"]}}}, "any", False),
    ],
)
def test_filters_look_at_bodies_and_attributes(sqs: Any, pattern: Any, body: str, matches: bool) -> None:
    sqs.send_message(
        QueueUrl=url("dead"),
        MessageBody=body,
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}},
    )
    mapped = MappedQueue(ARN.format("dead"))
    (message,) = mapped.receive(1)
    assert mapped.matches(message, [json.dumps(pattern)]) is matches


def test_a_queue_that_does_not_exist_has_no_messages() -> None:
    mapped = MappedQueue(ARN.format("none"))
    assert (mapped.receive(1), mapped.seconds_until_next()) == ([], None)


def test_it_is_known_when_a_hidden_message_can_be_received(sqs: Any) -> None:
    mapped = MappedQueue(ARN.format("dead"))
    sqs.send_message(QueueUrl=url("dead"), MessageBody="now")
    assert mapped.seconds_until_next() is None
    mapped.receive(1)
    hidden = mapped.seconds_until_next()
    assert hidden is not None
    assert 0 < hidden <= 30.001
    sqs.send_message(QueueUrl=url("dead"), MessageBody="soon", DelaySeconds=5)
    delayed = mapped.seconds_until_next()
    assert delayed is not None
    assert 0 < delayed <= 5.001
