"""Rules of EventBridge, with the defects that the adapter mends."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.events.rules import event_rules
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine
from stepweave.local_cloud.server import WsgiApplication

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]
PutRule = Callable[..., str]

ACCOUNT = "arn:aws:{}:us-east-1:123456789012:{}"
PATTERN = {"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}}


@pytest.fixture
def rules(application: WsgiApplication) -> Iterator[None]:
    with event_rules(InProcessClients(application, "http://localhost"), first_retry_seconds=0.001):
        yield


@pytest.fixture
def put_rule(client: Client) -> PutRule:
    """Puts a rule with one target; gives the rule's ARN."""

    def put(target: str, bus: str = "default", state: str = "ENABLED", name: str = "rule", **settings: Any) -> str:
        events = client("events")
        rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(PATTERN), State=state)
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "t", "Arn": target, **settings}])
        return str(rule["RuleArn"])

    return put


def order(total: int = 12, bus: str = "default") -> dict[str, Any]:
    return {
        "Source": "shop",
        "DetailType": "Order Placed",
        "Detail": json.dumps({"total": total}),
        "EventBusName": bus,
        "Time": 1_700_000_000,
    }


def create_queue(client: Client, name: str) -> str:
    client("sqs").create_queue(QueueName=name)
    return ACCOUNT.format("sqs", name)


def receive(client: Client, name: str, expected: int = 1) -> list[dict[str, Any]]:
    """The messages of a queue, once there are as many as expected."""
    sqs, messages = client("sqs"), []
    for _ in range(2000):
        answer = sqs.receive_message(
            QueueUrl=f"http://localhost/123456789012/{name}",
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        messages += answer.get("Messages", [])
        if len(messages) >= expected:
            return messages
        time.sleep(0.002)
    raise AssertionError(f"{name} got {len(messages)} messages, not {expected}")


@pytest.mark.usefixtures("rules")
def test_what_matches_reaches_the_queue_with_awss_envelope(client: Client, put_rule: PutRule) -> None:
    put_rule(create_queue(client, "q"))
    event_id = client("events").put_events(Entries=[order(1), order(12)])["Entries"][1]["EventId"]
    (message,) = receive(client, "q")
    assert json.loads(message["Body"]) == {
        "version": "0",
        "id": event_id,
        "detail-type": "Order Placed",
        "source": "shop",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"total": 12},
    }


@pytest.mark.usefixtures("rules")
def test_disabled_rules_and_rules_with_a_schedule_alone_deliver_nothing(client: Client, put_rule: PutRule) -> None:
    queue = create_queue(client, "q")
    put_rule(queue, state="DISABLED", Input='"disabled"')
    client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    client("events").put_targets(Rule="nightly", Targets=[{"Id": "t", "Arn": queue, "Input": '"scheduled"'}])
    put_rule(queue, name="enabled", InputPath="$.detail")
    client("events").put_events(Entries=[order()])
    assert [message["Body"] for message in receive(client, "q")] == ['{"total":12}']


@pytest.mark.usefixtures("rules")
def test_the_target_gets_what_its_transformer_makes(client: Client, put_rule: PutRule) -> None:
    transformer = {"InputPathsMap": {"total": "$.detail.total"}, "InputTemplate": '{"costs": <total>}'}
    put_rule(create_queue(client, "q"), InputTransformer=transformer)
    client("events").put_events(Entries=[order()])
    assert json.loads(receive(client, "q")[0]["Body"]) == {"costs": 12}


@pytest.mark.usefixtures("rules")
def test_a_bus_hands_on_to_another_and_does_not_go_round_for_ever(client: Client, put_rule: PutRule) -> None:
    client("events").create_event_bus(Name="mine")
    put_rule(ACCOUNT.format("events", "event-bus/mine"))
    put_rule(ACCOUNT.format("events", "event-bus/default"), bus="mine")
    put_rule(create_queue(client, "q"), bus="mine", name="queue")
    event_id = client("events").put_events(Entries=[order()])["Entries"][0]["EventId"]
    messages = receive(client, "q", expected=3)
    assert {json.loads(message["Body"])["id"] for message in messages} == {event_id}


@pytest.mark.usefixtures("rules")
def test_a_state_machine_is_started_with_the_event(client: Client, put_rule: PutRule) -> None:
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
    with executing_engine():
        stepfunctions = client("stepfunctions")
        machine = stepfunctions.create_state_machine(
            name="m", roleArn="arn:aws:iam::123456789012:role/r", definition=json.dumps(definition)
        )["stateMachineArn"]
        put_rule(machine, InputPath="$.detail")
        client("events").put_events(Entries=[order()])
        executions: list[dict[str, Any]] = []
        for _ in range(2000):
            executions = stepfunctions.list_executions(stateMachineArn=machine)["executions"]
            if executions and executions[0]["status"] == "SUCCEEDED":
                break
            time.sleep(0.002)
        described = stepfunctions.describe_execution(executionArn=executions[0]["executionArn"])
    assert json.loads(described["output"]) == {"total": 12}


@pytest.mark.usefixtures("rules")
def test_a_log_group_gets_the_event(client: Client, put_rule: PutRule) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/aws/events/all")
    put_rule(ACCOUNT.format("logs", "log-group:/aws/events/all"))
    client("events").put_events(Entries=[order()])
    events: list[dict[str, Any]] = []
    for _ in range(2000):
        events = events or logs.filter_log_events(logGroupName="/aws/events/all")["events"]
    assert json.loads(events[0]["message"])["detail"] == {"total": 12}


@pytest.mark.usefixtures("rules")
def test_what_a_target_cannot_take_goes_to_its_dead_letter_queue(client: Client, put_rule: PutRule) -> None:
    dead = create_queue(client, "dead")
    function = ACCOUNT.format("lambda", "function:none")
    rule = put_rule(function, DeadLetterConfig={"Arn": dead})
    client("events").put_events(Entries=[order()])
    (letter,) = receive(client, "dead")
    assert json.loads(letter["Body"])["detail"] == {"total": 12}
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": rule,
        "TARGET_ARN": function,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }


def test_upstream_fails_the_publisher_where_a_rule_calls_a_function(client: Client, put_rule: PutRule) -> None:
    put_rule(ACCOUNT.format("lambda", "function:none"))
    with pytest.raises(ClientError):
        client("events").put_events(Entries=[order()])


BUS_WITH_RULE: dict[str, Any] = {
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "mine", "Description": "of mine"}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "EventPattern": PATTERN,
            "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
        },
    },
    "Archive": {
        "Type": "AWS::Events::Archive",
        "Properties": {
            "ArchiveName": "all",
            "SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]},
            "EventPattern": {"source": ["shop"]},
            "RetentionDays": 3,
        },
    },
}


@pytest.mark.usefixtures("rules", "stacks")
def test_a_template_makes_buses_rules_and_archives(client: Client, deploy_template: DeployTemplate) -> None:
    stack = deploy_template(BUS_WITH_RULE, {"Bus": {"Value": {"Ref": "Bus"}}, "All": {"Value": {"Ref": "Archive"}}})
    assert {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]} == {
        "Bus": "mine",
        "All": "all",
    }
    events = client("events")
    assert events.describe_event_bus(Name="mine")["Description"] == "of mine"
    events.put_events(Entries=[order(bus="mine")])
    assert len(receive(client, "q")) == 1
    longer = {**BUS_WITH_RULE["Archive"]["Properties"], "RetentionDays": 9}
    changed = {**BUS_WITH_RULE, "Archive": {"Type": "AWS::Events::Archive", "Properties": longer}}
    changed["Bus"] = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "mine", "Description": "ours"}}
    deploy_template(changed, update=True)
    archive = events.describe_archive(ArchiveName="all")
    assert (archive["RetentionDays"], archive["EventCount"]) == (9, 1)
    assert events.describe_event_bus(Name="mine")["Description"] == "ours"
    events.put_events(Entries=[order(bus="mine")])
    assert len(receive(client, "q")) == 1
    client("cloudformation").delete_stack(StackName="test")
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
    assert events.list_archives()["Archives"] == []
