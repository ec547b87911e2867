"""EventBridge Scheduler on a clock that skips."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.scheduler.schedules import invoked_schedules
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.clock.controlled_modules import events_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.server import WsgiApplication

START = datetime(2026, 11, 23, 7, 7, 30, tzinfo=UTC).timestamp()
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
ROLE = "arn:aws:iam::123456789012:role/r"
OFF = {"Mode": "OFF"}
Client = Callable[[str], Any]


@pytest.fixture
def client(application: WsgiApplication) -> Client:
    clients = InProcessClients(refused_operations(application), "http://localhost")
    return lambda service: clients.client("us-east-1", service)


@pytest.fixture
def clock(application: WsgiApplication) -> Iterator[VirtualClock]:
    clock = VirtualClock(real_time=lambda: START)
    with events_on(clock), invoked_schedules(InProcessClients(application, "http://localhost"), 0.01):
        yield clock


@pytest.fixture
def schedule(clock: VirtualClock, client: Client) -> Callable[..., None]:
    for name in ("q", "dead"):
        client("sqs").create_queue(QueueName=name)

    def create(expression: str = "rate(1 minute)", target: dict[str, Any] | None = None, **settings: Any) -> None:
        given = {"Arn": QUEUE, "RoleArn": ROLE, "Input": "<aws.scheduler.scheduled-time>", **(target or {})}
        client("scheduler").create_schedule(
            **{
                "Name": "s",
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": OFF,
                "Target": given,
                **settings,
            }
        )

    return create


@pytest.fixture
def received(client: Client) -> Callable[..., list[dict[str, Any]]]:
    def receive(queue: str = "q") -> list[dict[str, Any]]:
        url, found = f"http://localhost/123456789012/{queue}", []
        while (
            messages := client("sqs")
            .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            .get("Messages")
        ):
            found += messages
        return found

    return receive


def test_it_fires_by_the_clock_in_its_zone(clock: VirtualClock, schedule: Any, received: Any) -> None:
    schedule("cron(0 9 * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    clock.advance(48 * 3600)
    assert [message["Body"] for message in received()] == ["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"]


def test_what_is_over_is_deleted_if_wanted(clock: VirtualClock, schedule: Any, client: Client, received: Any) -> None:
    schedule("at(2026-11-23T09:00:00)", ActionAfterCompletion="DELETE")
    schedule("at(2026-11-23T09:00:00)", Name="kept")
    clock.advance(2 * 3600)
    assert len(received()) == 2
    assert [each["Name"] for each in client("scheduler").list_schedules()["Schedules"]] == ["kept"]


def test_it_fires_within_its_window(clock: VirtualClock, schedule: Any, received: Any) -> None:
    schedule("at(2026-11-23T08:00:00)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    clock.advance(52 * 60)
    assert received() == []
    clock.advance(16 * 60)
    assert [message["Body"] for message in received()] == ["2026-11-23T08:00:00Z"]


def test_any_api_can_be_its_target(clock: VirtualClock, schedule: Any, received: Any) -> None:
    request = {"QueueUrl": "http://localhost/123456789012/q", "MessageBody": "<aws.scheduler.attempt-number>"}
    schedule("rate(1 day)", {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(request)})
    clock.advance(10)
    assert [message["Body"] for message in received()] == ["1"]


def test_what_cannot_be_delivered_is_a_dead_letter(clock: VirtualClock, schedule: Any, received: Any) -> None:
    dead = {"Arn": QUEUE.replace(":q", ":dead")}
    schedule("rate(1 day)", {"Arn": QUEUE + "-gone", "Input": "lost", "DeadLetterConfig": dead})
    clock.advance(10)
    (letter,) = received("dead")
    assert letter["Body"] == "lost"
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert attributes["SCHEDULE_ARN"].endswith(":schedule/default/s")


def test_what_is_disabled_changed_or_deleted_fires_no_more(
    clock: VirtualClock, schedule: Any, client: Client, received: Any
) -> None:
    schedule()
    clock.advance(61)
    assert len(received()) == 2
    given = {"Name": "s", "FlexibleTimeWindow": OFF, "Target": {"Arn": QUEUE, "RoleArn": ROLE, "Input": "new"}}
    client("scheduler").update_schedule(ScheduleExpression="rate(1 minute)", State="DISABLED", **given)
    clock.advance(600)
    assert received() == []
    client("scheduler").update_schedule(ScheduleExpression="rate(1 hour)", **given)
    clock.advance(5)
    assert [message["Body"] for message in received()] == ["new"]
    client("scheduler").delete_schedule(Name="s")
    clock.advance(7200)
    assert received() == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException"),
        ({"ScheduleExpressionTimezone": "Mars/X"}, "ValidationException"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "ValidationException"),
        ({"GroupName": "none"}, "ResourceNotFoundException"),
        ({"Target": {"Arn": "nothing", "RoleArn": ROLE}}, "ValidationException"),
        ({"Target": {"Arn": QUEUE + ".fifo", "RoleArn": ROLE}}, "ValidationException"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:listQueues", "RoleArn": ROLE}}, "ValidationException"),
        ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:fly", "RoleArn": ROLE}}, "ValidationException"),
        ({"Target": {"Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c", "RoleArn": ROLE}}, "NotImplemented"),
        ({"StartDate": datetime(2027, 1, 2), "EndDate": datetime(2027, 1, 1)}, "ValidationException"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_is_refused(schedule: Any, settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        schedule(**{"expression": settings.pop("ScheduleExpression", "rate(1 day)"), **settings})
    assert raised.value.response["Error"]["Code"] == code


def test_upstream_still_fires_nothing(application: WsgiApplication) -> None:
    from moto.scheduler import models  # noqa: PLC0415 - moto takes a second

    assert not any("send" in name or "fire" in name for name in dir(models.EventBridgeSchedulerBackend))
