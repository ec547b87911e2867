"""Policies of event buses in templates."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("stacks")

BUS: dict[str, Any] = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "mine"}}
ARN = "arn:aws:events:us-east-1:123456789012:event-bus/mine"


def policy(statement_id: str, **properties: Any) -> dict[str, Any]:
    given = {"EventBusName": {"Ref": "Bus"}, "StatementId": statement_id, **properties}
    return {"Type": "AWS::Events::EventBusPolicy", "Properties": given}


def statement(action: str) -> dict[str, Any]:
    principal = {"AWS": "arn:aws:iam::210987654321:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": {"Fn::GetAtt": ["Bus", "Arn"]}}


def statements(client: Client, bus: str = "mine") -> dict[str, Any]:
    text = client("events").describe_event_bus(Name=bus).get("Policy", '{"Statement": []}')
    return {one.pop("Sid"): one for one in json.loads(text)["Statement"]}


def test_a_template_makes_changes_and_deletes_statements(client: Client, deploy_template: DeployTemplate) -> None:
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    resources = {
        "Bus": BUS,
        "Put": policy("put", Statement=statement("events:PutEvents")),
        "Describe": policy("describe", Statement=statement("events:DescribeRule")),
        "Old": policy("old", Action="events:PutEvents", Principal="*", Condition=condition),
        "Older": policy("older", Action="events:PutEvents", Principal="210987654321"),
    }
    deploy_template(resources)
    account = {"AWS": "arn:aws:iam::210987654321:root"}
    made = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": ARN}
    assert statements(client) == {
        "put": {**made, "Principal": account},
        "describe": {**made, "Principal": account, "Action": "events:DescribeRule"},
        "old": {**made, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        "older": {**made, "Principal": account},
    }
    renamed = {"Bus": BUS, "Put": policy("renamed", Statement=statement("events:PutRule"))}
    deploy_template(renamed, update=True)
    assert statements(client) == {"renamed": {**made, "Principal": account, "Action": "events:PutRule"}}
    client("cloudformation").delete_stack(StackName="test")
    assert [bus["Name"] for bus in client("events").list_event_buses()["EventBuses"]] == ["default"]


def test_it_is_the_policy_of_the_default_bus_unless_another_is_named(
    client: Client, deploy_template: DeployTemplate
) -> None:
    resource = policy("put", Action="events:PutEvents", Principal="*")
    del resource["Properties"]["EventBusName"]
    deploy_template({"Policy": resource})
    assert list(statements(client, "default")) == ["put"]
    client("cloudformation").delete_stack(StackName="test")
    assert statements(client, "default") == {}
