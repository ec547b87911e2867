"""Rules of EventBridge that a schedule fires, with the defects that the adapter mends."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.events.rules import event_rules
from stepweave.local_cloud.adapters.events.schedules import event_schedules
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.clock.controlled_modules import events_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.server import WsgiApplication

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

START = datetime(2026, 11, 23, 7, 7, 30, tzinfo=UTC).timestamp()
RULE = "arn:aws:events:us-east-1:123456789012:rule/nightly"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
URL = "http://localhost/123456789012/q"


@pytest.fixture
def clock(application: WsgiApplication) -> Iterator[VirtualClock]:
    clock = VirtualClock(real_time=lambda: START)
    clients = InProcessClients(application, "http://localhost")
    with events_on(clock), event_rules(clients) as router, event_schedules(router):
        yield clock


@pytest.fixture
def events(client: Client) -> Any:
    client("sqs").create_queue(QueueName="q")
    return client("events")


@pytest.fixture
def received(client: Client) -> Callable[[], list[Any]]:
    """Gives what the queue has got since it was asked last."""

    def receive() -> list[Any]:
        sqs, bodies = client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=URL, MaxNumberOfMessages=10).get("Messages"):
            bodies += [json.loads(message["Body"]) for message in messages]
        return bodies

    return receive


def schedule(events: Any, expression: str, name: str = "nightly", **settings: Any) -> None:
    events.put_rule(Name=name, ScheduleExpression=expression)
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": QUEUE, **settings}])


def times(bodies: list[Any]) -> list[str]:
    return [body["time"][11:] for body in bodies]


def test_the_event_is_that_of_aws(clock: VirtualClock, events: Any, received: Callable[[], list[Any]]) -> None:
    schedule(events, "cron(0 10 * * ? *)")
    clock.advance(3 * 3600)
    (body,) = received()
    assert len(body.pop("id")) == 36
    assert body == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-23T10:00:00Z",
        "region": "us-east-1",
        "resources": [RULE],
        "detail": {},
    }


def test_a_rate_counts_from_when_the_rule_is_put(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]]
) -> None:
    schedule(events, "rate(2 minutes)")
    clock.advance(7 * 60)
    assert times(received()) == ["07:09:30Z", "07:11:30Z", "07:13:30Z"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Input": '{"clean": "up"}'}, {"clean": "up"}),
        ({"InputPath": "$.resources[0]"}, RULE),
        (
            {"InputTransformer": {"InputPathsMap": {"at": "$.time"}, "InputTemplate": '{"at": <at>}'}},
            {"at": "2026-11-23T07:08:30Z"},
        ),
    ],
)
def test_the_target_gets_what_it_asks_for(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]], settings: dict[str, Any], expected: Any
) -> None:
    schedule(events, "rate(1 minute)", **settings)
    clock.advance(60)
    assert received() == [expected]


def test_what_is_disabled_changed_or_deleted_fires_no_more(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]]
) -> None:
    schedule(events, "rate(1 minute)")
    clock.advance(60)
    assert len(received()) == 1
    events.disable_rule(Name="nightly")
    clock.advance(600)
    assert received() == []
    events.enable_rule(Name="nightly")
    events.enable_rule(Name="nightly")
    clock.advance(60)
    assert len(received()) == 1
    events.put_rule(Name="nightly", ScheduleExpression="rate(5 minutes)")
    clock.advance(600)
    assert len(received()) == 2
    events.put_rule(Name="nightly", EventPattern='{"source": ["shop"]}')
    clock.advance(600)
    assert received() == []
    schedule(events, "rate(1 hour)")
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 hour)", State="DISABLED")
    clock.advance(7200)
    assert received() == []
    schedule(events, "rate(1 hour)")
    events.remove_targets(Rule="nightly", Ids=["t"])
    events.delete_rule(Name="nightly")
    clock.advance(7200)
    assert received() == []


def test_a_rule_may_have_a_pattern_too(clock: VirtualClock, events: Any, received: Callable[[], list[Any]]) -> None:
    events.put_rule(Name="both", ScheduleExpression="rate(1 minute)", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="both", Targets=[{"Id": "t", "Arn": QUEUE, "InputPath": "$.source"}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
    clock.advance(60)
    assert received() == ["shop", "aws.events"]


def test_two_that_are_due_at_once_both_fire(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]]
) -> None:
    schedule(events, "rate(1 minute)", "a", Input='"a"')
    schedule(events, "rate(1 minute)", "b", Input='"b"')
    clock.advance(60)
    assert sorted(received()) == ["a", "b"]


def test_no_time_is_skipped_for_a_rule_alone(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]]
) -> None:
    schedule(events, "rate(1 minute)")
    assert clock.await_idle(10)
    assert not clock.skip()
    assert received() == []


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("expression", ["rate(1 minutes)", "rate(5 minute)", "cron(* * * * *)", "cron(0 0 * * * *)"])
def test_what_is_no_schedule_is_refused(events: Any, expression: str) -> None:
    with pytest.raises(ClientError) as refused:
        events.put_rule(Name="nightly", ScheduleExpression=expression)
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter ScheduleExpression is not valid.",
    }
    assert events.list_rules()["Rules"] == []


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("expression", ["rate(1 minute)", "rate(1 minutes)"])
def test_only_the_default_bus_takes_schedules(events: Any, expression: str) -> None:
    events.create_event_bus(Name="mine")
    with pytest.raises(ClientError, match="ScheduleExpression is supported only on the default event bus"):
        events.put_rule(Name="nightly", EventBusName="mine", ScheduleExpression=expression)


def test_a_rule_of_the_same_name_on_another_bus_is_another_rule(
    clock: VirtualClock, events: Any, received: Callable[[], list[Any]]
) -> None:
    schedule(events, "rate(2 minutes)")
    clock.advance(60)
    events.create_event_bus(Name="mine")
    events.put_rule(Name="nightly", EventBusName="mine", EventPattern='{"source": ["shop"]}')
    events.delete_rule(Name="nightly", EventBusName="mine")
    clock.advance(60)
    assert times(received()) == ["07:09:30Z"]


TEMPLATE: dict[str, Any] = {
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "ScheduleExpression": "rate(1 minute)",
            "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    },
}


@pytest.mark.usefixtures("stacks")
def test_a_template_makes_changes_and_deletes_scheduled_rules(
    clock: VirtualClock, client: Client, deploy_template: DeployTemplate, received: Callable[[], list[Any]]
) -> None:
    deploy_template(TEMPLATE)
    clock.advance(60)
    assert len(received()) == 1
    properties = {**TEMPLATE["Rule"]["Properties"], "ScheduleExpression": "rate(10 minutes)"}
    deploy_template({**TEMPLATE, "Rule": {"Type": "AWS::Events::Rule", "Properties": properties}}, update=True)
    clock.advance(1200)
    assert len(received()) == 2
    client("cloudformation").delete_stack(StackName="test")
    assert client("events").list_rules()["Rules"] == []
    client("sqs").create_queue(QueueName="q")
    clock.advance(1200)
    assert received() == []


def test_upstream_takes_what_is_no_schedule(events: Any) -> None:
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 minutes)")
    events.put_rule(Name="daily", ScheduleExpression="cron(0 10)")
