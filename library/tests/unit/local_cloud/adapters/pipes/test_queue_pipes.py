"""Pipes from queue to queue, and what cannot be one."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.pipes.queue_pipes import queue_pipes
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.sqs.messages import queue_messages
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication

QUEUES = "arn:aws:sqs:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def client(application: WsgiApplication) -> Iterator[Callable[[str], Any]]:
    clients = InProcessClients(refused_operations(application), "http://localhost")
    with queue_messages() as listeners, queue_pipes(listeners, clients):
        sqs: Any = clients.client("us-east-1", "sqs")
        for name in ("in", "out"):
            sqs.create_queue(QueueName=name)
        yield lambda service: clients.client("us-east-1", service)


def create(client: Callable[[str], Any], **settings: Any) -> None:
    client("pipes").create_pipe(
        **{"Name": "p", "Source": QUEUES + "in", "Target": QUEUES + "out", "RoleArn": ROLE, **settings}
    )


def received(client: Callable[[str], Any]) -> list[str]:
    url = "http://localhost/123456789012/out"
    messages = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [message["Body"] for message in messages.get("Messages", [])]


def send(client: Callable[[str], Any], *values: Any) -> None:
    for value in values:
        client("sqs").send_message(QueueUrl="http://localhost/123456789012/in", MessageBody=json.dumps(value))


def test_messages_are_filtered_transformed_and_carried(client: Callable[[str], Any]) -> None:
    create(
        client,
        SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body": {"n": [{"numeric": [">", 1]}]}}'}]}},
        TargetParameters={"InputTemplate": '{"n": <$.body.n>, "by": "<aws.pipes.pipe-name>"}'},
    )
    send(client, {"n": 1}, {"n": 2})
    assert received(client) == ['{"n":2,"by":"p"}']


def test_a_pipe_that_is_stopped_carries_nothing_until_it_is_started(client: Callable[[str], Any]) -> None:
    create(client, DesiredState="STOPPED")
    assert client("pipes").describe_pipe(Name="p")["CurrentState"] == "STOPPED"
    send(client, 1)
    assert received(client) == []
    client("pipes").start_pipe(Name="p")
    (body,) = received(client)
    assert json.loads(body)["body"] == "1"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"Source": "arn:aws:kinesis:us-east-1:123456789012:stream/s"}, "NotImplemented"),
        ({"Target": "arn:aws:ecs:us-east-1:123456789012:cluster/c"}, "NotImplemented"),
        ({"Enrichment": "arn:aws:events:us-east-1:123456789012:api-destination/d/1"}, "NotImplemented"),
        ({"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}}, "ValidationException"),
    ],
)
def test_what_cannot_be_is_refused(client: Callable[[str], Any], settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        create(client, **settings)
    assert raised.value.response["Error"]["Code"] == code


def test_a_name_is_given_once(client: Callable[[str], Any]) -> None:
    create(client)
    with pytest.raises(ClientError, match="ConflictException"):
        create(client)


def test_upstream_still_carries_nothing() -> None:
    from moto.pipes import models  # noqa: PLC0415 - moto takes a second

    assert not hasattr(models, "sqs_backends")
