"""Stacks, as CloudFormation does them on AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.cloudformation.resources.step_functions import substitute

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("stacks")

ROLE = "arn:aws:iam::123456789012:role/r"
QUEUE = {"Type": "AWS::SQS::Queue"}
UNKNOWN = {"Type": "AWS::Nowhere::Thing"}


def machine(definition: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"StateMachineName": "m", "RoleArn": ROLE, "DefinitionString": json.dumps(definition)}
        | properties,
    }


def pass_to(value: str) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": value, "End": True}}}


def key(name: str) -> dict[str, Any]:
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def existing(client: Client, stack: str = "test") -> set[str]:
    resources = client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {resource["LogicalResourceId"] for resource in resources}


def test_state_machines_land_in_the_executing_backend(client: Client, deploy_template: DeployTemplate) -> None:
    resource = machine(pass_to("${value}"), DefinitionSubstitutions={"value": "hello"})
    stack = deploy_template(
        {"M": resource | {"Properties": resource["Properties"] | {"TracingConfiguration": {"Enabled": True}}}},
        {"Arn": {"Value": {"Fn::GetAtt": ["M", "Arn"]}}},
    )
    description = client("stepfunctions").describe_state_machine(stateMachineArn=outputs(stack)["Arn"])
    assert json.loads(description["definition"]) == pass_to("hello")
    assert description["tracingConfiguration"] == {"enabled": True}


def test_a_definition_can_be_in_a_bucket(client: Client, deploy_template: DeployTemplate) -> None:
    client("s3").create_bucket(Bucket="bucket")
    client("s3").put_object(Bucket="bucket", Key="m.json", Body=json.dumps(pass_to("${value}")))
    location = {"DefinitionS3Location": {"Bucket": "bucket", "Key": "m.json"}}
    properties = {"StateMachineName": "m", "RoleArn": ROLE, "DefinitionSubstitutions": {"value": "hello"}} | location
    deploy_template({"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}})
    (only,) = client("stepfunctions").list_state_machines()["stateMachines"]
    description = client("stepfunctions").describe_state_machine(stateMachineArn=only["stateMachineArn"])
    assert json.loads(description["definition"]) == pass_to("hello")


def test_state_machines_are_updated_in_place(client: Client, deploy_template: DeployTemplate) -> None:
    output = {"Arn": {"Value": {"Ref": "M"}}}
    first = deploy_template({"M": machine(pass_to("one"))}, output)
    second = deploy_template({"M": machine(pass_to("two"))}, output, update=True)
    assert (second["StackStatus"], outputs(second)) == ("UPDATE_COMPLETE", outputs(first))
    (only,) = client("stepfunctions").list_state_machines()["stateMachines"]
    description = client("stepfunctions").describe_state_machine(stateMachineArn=only["stateMachineArn"])
    assert json.loads(description["definition"]) == pass_to("two")


def test_substitution_leaves_other_placeholders_alone() -> None:
    assert substitute("${a} ${b} $.a ${aa}", {"a": 1}) == "1 ${b} $.a ${aa}"


def test_tables_keep_their_settings_and_their_items(client: Client, deploy_template: DeployTemplate) -> None:
    dynamodb = client("dynamodb")
    ttl = {"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True}}
    replica = {"Region": "us-east-1", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    properties = key("id") | {"Replicas": [replica]}
    stack = deploy_template(
        {"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}}, {"Name": {"Value": {"Ref": "T"}}}
    )
    name = outputs(stack)["Name"]
    dynamodb.put_item(TableName=name, Item={"id": {"S": "kept"}})
    recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"

    deploy_template({"T": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties | ttl}}, update=True)
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "expires"
    assert dynamodb.get_item(TableName=name, Key={"id": {"S": "kept"}})["Item"] == {"id": {"S": "kept"}}


def test_a_failed_stack_is_rolled_back_and_can_be_made_again(client: Client, deploy_template: DeployTemplate) -> None:
    stack = deploy_template({"Q": QUEUE, "X": UNKNOWN})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    events = client("cloudformation").describe_stack_events(StackName="test")["StackEvents"]
    (failure,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert (failure["LogicalResourceId"], failure["ResourceType"]) == ("X", "AWS::Nowhere::Thing")
    client("cloudformation").delete_stack(StackName="test")
    assert deploy_template({"Q": QUEUE})["StackStatus"] == "CREATE_COMPLETE"


def test_a_failed_update_is_rolled_back(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template({"M": machine(pass_to("one"))})
    stack = deploy_template({"M": machine(pass_to("two")), "X": UNKNOWN}, update=True)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert existing(client) == {"M"}
    (only,) = client("stepfunctions").list_state_machines()["stateMachines"]
    description = client("stepfunctions").describe_state_machine(stateMachineArn=only["stateMachineArn"])
    assert json.loads(description["definition"]) == pass_to("one")
    assert deploy_template({"M": machine(pass_to("two"))}, update=True)["StackStatus"] == "UPDATE_COMPLETE"


def function(timeout: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "f",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.11",
            "Timeout": timeout,
            "Code": {"S3Bucket": "code", "S3Key": "f.zip"},
        },
    }


def with_version(timeout: int, version: str) -> dict[str, Any]:
    """A function and its alias, with a version that bears another name each time that the function changes."""
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "l.amazonaws.com"}}]
    }
    return {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": trust}},
        "F": function(timeout),
        version: {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": "F"}},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "F"},
                "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
                "Name": "live",
            },
        },
    }


def live_timeouts(client: Client) -> tuple[int, list[int]]:
    """Return the timeout of what is live, and those of all that was published."""
    lambda_ = client("lambda")
    (live,) = [alias["FunctionVersion"] for alias in lambda_.list_aliases(FunctionName="f")["Aliases"]]
    versions = lambda_.list_versions_by_function(FunctionName="f")["Versions"]
    timeouts = {version["Version"]: version["Timeout"] for version in versions if version["Version"] != "$LATEST"}
    return timeouts[live], list(timeouts.values())


@pytest.mark.usefixtures("code")
def test_a_version_is_published_of_the_updated_function_and_the_one_before_stays(
    client: Client, deploy_template: DeployTemplate
) -> None:
    deploy_template(with_version(3, "V1"))
    assert live_timeouts(client) == (3, [3])
    deploy_template(with_version(5, "V2"), update=True)
    assert live_timeouts(client) == (5, [3, 5])
    deploy_template(with_version(7, "V3") | {"Q": QUEUE}, update=True)
    assert live_timeouts(client) == (7, [3, 5, 7])
    assert existing(client) == {"F", "Live", "Q", "Role", "V3"}


def test_false_conditions_create_nothing_and_are_no_failure(client: Client, deploy_template: DeployTemplate) -> None:
    condition = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
    stack = deploy_template({"Q": QUEUE, "X": UNKNOWN | {"Condition": "Never"}}, **condition)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert existing(client) == {"Q"}


def change_set(client: Client, stack: str, template: dict[str, Any]) -> dict[str, Any]:
    """Deploy as `cdk deploy` does."""
    cloudformation = client("cloudformation")
    names = {item["StackName"] for item in cloudformation.describe_stacks()["Stacks"]}
    kind = "UPDATE" if stack in names else "CREATE"
    cloudformation.create_change_set(
        StackName=stack, ChangeSetName="cs", ChangeSetType=kind, TemplateBody=json.dumps(template)
    )
    cloudformation.execute_change_set(StackName=stack, ChangeSetName="cs")
    cloudformation.delete_change_set(StackName=stack, ChangeSetName="cs")
    description: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return description


EXPORTING = {
    "Resources": {"Q": QUEUE},
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Q", "QueueName"]}, "Export": {"Name": "queue"}}},
}
IMPORTING = {
    "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "p", "Type": "String"}}},
    "Outputs": {"Name": {"Value": {"Fn::ImportValue": "queue"}}},
}
IMPORTING["Resources"]["P"]["Properties"]["Value"] = {"Fn::ImportValue": "queue"}  # type: ignore[index]


def test_change_sets_export_import_and_give_outputs(client: Client) -> None:
    name = outputs(change_set(client, "exporting", EXPORTING))["Name"]
    assert outputs(change_set(client, "importing", IMPORTING)) == {"Name": name}
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == name
    assert [export["Name"] for export in client("cloudformation").list_exports()["Exports"]] == ["queue"]
    assert change_set(client, "taken", EXPORTING)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_an_update_keeps_the_previous_ssm_parameter(client: Client) -> None:
    client("ssm").put_parameter(Name="/version", Value="30", Type="String")
    kind = "AWS::SSM::Parameter::Value<String>"
    template = {"Parameters": {"Version": {"Type": kind, "Default": "/version"}}} | {"Resources": {"Q": QUEUE}}
    change_set(client, "parametrised", template)

    def update(**more: Any) -> str:
        cloudformation = client("cloudformation")
        cloudformation.create_change_set(
            StackName="parametrised",
            ChangeSetName="update",
            ChangeSetType="UPDATE",
            TemplateBody=json.dumps(template | {"Resources": {"Q": QUEUE} | more}),
            Parameters=[{"ParameterKey": "Version", "UsePreviousValue": True}],
        )
        cloudformation.execute_change_set(StackName="parametrised", ChangeSetName="update")
        status: str = cloudformation.describe_stacks(StackName="parametrised")["Stacks"][0]["StackStatus"]
        return status

    assert update(S=QUEUE) == "UPDATE_COMPLETE"


def test_change_sets_are_found_by_name_and_stack(client: Client) -> None:
    cloudformation = client("cloudformation")

    def described(stack: str) -> str:
        description = cloudformation.describe_change_set(StackName=stack, ChangeSetName="same")
        name: str = description["StackName"]
        return name

    for stack in ("one", "two"):
        body = json.dumps({"Resources": {"Q": QUEUE}})
        cloudformation.create_change_set(
            StackName=stack, ChangeSetName="same", ChangeSetType="CREATE", TemplateBody=body
        )
    assert (described("one"), described("two")) == ("one", "two")
    assert len(cloudformation.list_change_sets(StackName="one")["Summaries"]) == 1
    cloudformation.delete_change_set(StackName="one", ChangeSetName="same")
    cloudformation.delete_change_set(StackName="one", ChangeSetName="same")
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        described("one")
    assert described("two") == "two"
    cloudformation.execute_change_set(StackName="two", ChangeSetName="same")
    assert cloudformation.describe_stacks(StackName="two")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_what_refers_to_a_replaced_resource_is_updated_too(client: Client, deploy_template: DeployTemplate) -> None:
    def resources(queue: str) -> dict[str, Any]:
        value = {"Fn::GetAtt": ["Q", "QueueName"]}
        return {
            "Q": QUEUE | {"Properties": {"QueueName": queue}},
            "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "p", "Type": "String", "Value": value}},
        }

    deploy_template(resources("one"))
    deploy_template(resources("two"), update=True)
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "two"


def test_queue_updates_change_all_attributes(client: Client, deploy_template: DeployTemplate) -> None:
    def retention(seconds: int, *, update: bool) -> str:
        resources = {"Q": QUEUE | {"Properties": {"QueueName": "q", "MessageRetentionPeriod": seconds}}}
        deploy_template(resources, update=update)
        url = client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
        value: str = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "MessageRetentionPeriod"
        ]
        return value

    assert retention(60, update=False) == "60"
    assert retention(80, update=True) == "80"


def bucket(owner: str, days: int) -> dict[str, Any]:
    rule = {"Id": "expire", "Status": "Enabled", "ExpirationInDays": days}
    properties = {"LifecycleConfiguration": {"Rules": [rule]}, "Tags": [{"Key": "owner", "Value": owner}]}
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def test_a_bucket_that_the_template_leaves_unnamed_can_be_updated(
    client: Client, deploy_template: DeployTemplate
) -> None:
    deploy_template({"B": bucket("one", 1)})
    deploy_template({"B": bucket("three", 3)}, update=True)
    s3 = client("s3")
    (found,) = s3.list_buckets()["Buckets"]
    assert s3.get_bucket_tagging(Bucket=found["Name"])["TagSet"] == [{"Key": "owner", "Value": "three"}]
