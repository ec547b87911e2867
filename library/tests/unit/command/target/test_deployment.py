from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.cdk.naming import Names
from stepweave.command.errors import CommandError
from stepweave.command.target.deployment import find_deployment, stack_outputs, state_machines

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-word-count"


class FakeCloudFormation:
    class exceptions:  # noqa: N801 - as in boto3
        ClientError = ClientError

    def __init__(self, **stacks: dict[str, str]) -> None:
        self.stacks = stacks

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - as in boto3
        if StackName == "forbidden":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")
        if StackName not in self.stacks:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.stacks[StackName].items()]
        return {"Stacks": [{"Outputs": outputs} if outputs else {}]}

    def get_paginator(self, operation: str) -> "FakeCloudFormation":
        assert operation == "describe_stacks"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        for name in self.stacks:
            yield {"Stacks": [{"StackName": name, **self.describe_stacks(StackName=name)["Stacks"][0]}]}


def find(service: FakeCloudFormation) -> Any:
    return find_deployment(service, "word-count", "AWS in eu-west-1", "deploy it", Names())  # type: ignore[arg-type]


def test_a_workflow_is_found_by_the_stacks_outputs() -> None:
    service = FakeCloudFormation(
        StepweaveWorkflows={"WordCountStateMachineArn": ARN, "WordCountFailureQueueUrl": "https://queue"},
        StepweaveStorage={"PayloadBucketName": "bucket"},
    )
    found = find(service)
    assert (found.state_machine_arn, found.payload_bucket) == (ARN, "bucket")
    assert state_machines(service, Names()) == {"word-count": ARN}  # type: ignore[arg-type]


def test_all_deployed_workflows_are_listed_the_projects_own_first() -> None:
    dag = ARN.replace("word-count", "dag-montage")
    service = FakeCloudFormation(
        Another={"OtherStateMachineArn": "arn:not-ours"},
        StepweaveDagMontage={"DagStateMachineArn": dag},
        StepweaveStorage={"PayloadBucketName": "bucket"},
        StepweaveWorkflows={"WordCountStateMachineArn": ARN},
    )
    found = state_machines(service, Names())  # type: ignore[arg-type]
    assert list(found.items()) == [("word-count", ARN), ("dag-montage", dag)]
    assert state_machines(FakeCloudFormation(), Names()) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        ({}, "workflow word-count is not deployed on AWS in eu-west-1"),
        ({"StepweaveWorkflows": {}}, "workflow word-count is not deployed"),
        ({"StepweaveWorkflows": {"WordCountStateMachineArn": ARN}}, "names no payload bucket"),
    ],
)
def test_what_is_not_deployed_is_named(stacks: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(CommandError, match=said) as missing:
        find(FakeCloudFormation(**stacks))
    assert missing.value.hint == "deploy it"


def test_a_stack_that_may_not_be_looked_at_is_not_taken_for_missing() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        stack_outputs(FakeCloudFormation(), "forbidden")  # type: ignore[arg-type]
