import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from queue import Queue
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.retried_calls import RetryPolicy
from stepweave.local_cloud.events.router import EventRouter
from stepweave.local_cloud.events.target import Target

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
DEAD = "arn:aws:sqs:us-east-1:123456789012:dead"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
EVENT = Event("shop", "Order Placed", {"n": 1}, "123456789012", "us-east-1")


@dataclass(frozen=True)
class FakeRule:
    name: str = "rule"
    arn: str = "arn:aws:events:us-east-1:123456789012:rule/rule"


class FakeClients:
    """Remembers the calls of all services; `failures` are raised first by those of functions."""

    def __init__(self, *failures: ClientError) -> None:
        self.failures = list(failures)
        self.calls: Queue[tuple[str, dict[str, Any]]] = Queue()

    def client(self, region: str, service: str) -> Any:
        clients = self

        class FakeClient:
            def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
                def call(**parameters: Any) -> dict[str, Any]:
                    clients.calls.put((f"{service}.{operation}", parameters))
                    if service == "lambda" and clients.failures:
                        raise clients.failures.pop(0)
                    return {}

                return call

        return FakeClient()

    def next_call(self) -> tuple[str, dict[str, Any]]:
        return self.calls.get(timeout=5)


def failure(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "X")  # type: ignore[typeddict-item]


Start = Callable[[FakeClients], EventRouter]


@pytest.fixture
def start() -> Iterator[Start]:
    routers = []

    def start(clients: FakeClients) -> EventRouter:
        routers.append(EventRouter(clients, first_retry_seconds=0.001))
        return routers[-1]

    yield start
    for router in routers:
        router.close()


@pytest.mark.parametrize(
    ("arn", "operation", "payload"),
    [
        (QUEUE, "sqs.send_message", "MessageBody"),
        (FUNCTION, "lambda.invoke", "Payload"),
        ("arn:aws:states:us-east-1:123456789012:stateMachine:m", "stepfunctions.start_execution", "input"),
        ("arn:aws:sns:us-east-1:123456789012:t", "sns.publish", "Message"),
    ],
)
def test_each_service_gets_the_event(start: Start, arn: str, operation: str, payload: str) -> None:
    clients = FakeClients()
    start(clients).send(FakeRule(), Target(arn), EVENT)
    name, parameters = clients.next_call()
    assert name == operation
    assert json.loads(parameters[payload]) == EVENT.to_json()


def test_a_function_is_called_asynchronously(start: Start) -> None:
    clients = FakeClients()
    start(clients).send(FakeRule(), Target(FUNCTION), EVENT)
    assert clients.next_call()[1]["InvocationType"] == "Event"


def test_a_fifo_queue_gets_the_targets_group(start: Start) -> None:
    clients = FakeClients()
    start(clients).send(FakeRule(), Target(QUEUE + ".fifo", message_group_id="g"), EVENT)
    assert clients.next_call()[1]["MessageGroupId"] == "g"


def test_what_may_pass_is_tried_again(start: Start) -> None:
    clients = FakeClients(failure("TooManyRequestsException", 429), failure("ServiceException", 500))
    start(clients).send(FakeRule(), Target(FUNCTION, dead_letter_arn=DEAD), EVENT)
    assert [clients.next_call()[0] for _ in range(3)] == ["lambda.invoke"] * 3
    assert clients.calls.empty()


def test_what_is_tried_too_often_is_dead_lettered(start: Start) -> None:
    clients = FakeClients(*[failure("TooManyRequestsException", 429)] * 9)
    target = Target(FUNCTION, dead_letter_arn=DEAD, retry_policy=RetryPolicy(attempts=2))
    start(clients).send(FakeRule(), target, EVENT)
    assert [clients.next_call()[0] for _ in range(3)] == ["lambda.invoke"] * 3
    name, letter = clients.next_call()
    assert (name, letter["QueueUrl"]) == ("sqs.send_message", "http://localhost/123456789012/dead")
    assert json.loads(letter["MessageBody"]) == EVENT.to_json()
    assert {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()} == {
        "RULE_ARN": FakeRule.arn,
        "TARGET_ARN": FUNCTION,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "no",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "2",
    }


def test_an_event_that_gets_too_old_is_dead_lettered(start: Start) -> None:
    clients = FakeClients(failure("TooManyRequestsException", 429))
    target = Target(FUNCTION, dead_letter_arn=DEAD, retry_policy=RetryPolicy(age_seconds=0))
    start(clients).send(FakeRule(), target, EVENT)
    clients.next_call()
    attributes = clients.next_call()[1]["MessageAttributes"]
    assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumEventAgeInSeconds"


@pytest.mark.parametrize(
    ("target", "code"),
    [(Target(FUNCTION), "NO_RESOURCE"), (Target("arn:aws:kinesis:us-east-1:123456789012:stream/s"), "NOT_SUPPORTED")],
)
def test_what_cannot_pass_is_dead_lettered_at_once(start: Start, target: Target, code: str) -> None:
    clients = FakeClients(failure("ResourceNotFoundException", 404))
    start(clients).send(FakeRule(), replace(target, dead_letter_arn=DEAD), EVENT)
    calls = [clients.next_call()]
    if calls[0][0] == "lambda.invoke":
        calls.append(clients.next_call())
    attributes = calls[-1][1]["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == code
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes


def test_without_a_dead_letter_queue_it_is_dropped(start: Start) -> None:
    clients = FakeClients(failure("ResourceNotFoundException", 404))
    router = start(clients)
    router.send(FakeRule(), Target(FUNCTION), EVENT)
    router.close()
    assert [call[0] for call in clients.calls.queue] == ["lambda.invoke"]
