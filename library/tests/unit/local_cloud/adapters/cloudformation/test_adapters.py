"""Each adapter of CloudFormation, with the defect that it mends."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from stepweave.local_cloud.adapters.cloudformation.change_sets import change_sets_by_stack
from stepweave.local_cloud.adapters.cloudformation.complete_resources import complete_resources
from stepweave.local_cloud.adapters.cloudformation.resources.catalog import RESOURCES
from stepweave.local_cloud.adapters.cloudformation.resources.registration import resource_types
from stepweave.local_cloud.adapters.cloudformation.resources.state_machine import StateMachineResource, substitute
from stepweave.local_cloud.adapters.cloudformation.stack_operations import stack_operations
from stepweave.local_cloud.adapters.cloudformation.version_updates import version_updates
from stepweave.local_cloud.adapters.s3.bucket_policy_conditions import bucket_policy_conditions
from stepweave.local_cloud.adapters.s3.bucket_updates import bucket_updates
from stepweave.local_cloud.adapters.sqs.updates import queue_updates
from stepweave.local_cloud.adapters.sqs.urls import local_queue_urls
from stepweave.local_cloud.adapters.step_functions.executing_engine import executing_engine

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

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


@pytest.fixture
def adapters() -> Iterator[ExitStack]:
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # upstream warns of what it skips
        yield stack


@pytest.fixture
def complete(adapters: ExitStack) -> ExitStack:
    for adapter in (executing_engine(), resource_types(*RESOURCES), complete_resources(), stack_operations()):
        adapters.enter_context(adapter)
    return adapters


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def existing(client: Client, stack: str = "test") -> set[str]:
    resources = client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {resource["LogicalResourceId"] for resource in resources}


def test_state_machines_land_in_the_executing_backend(
    client: Client, deploy_template: DeployTemplate, adapters: ExitStack
) -> None:
    adapters.enter_context(executing_engine())
    resource = machine(pass_to("${value}"), DefinitionSubstitutions={"value": "hello"})
    deploy_template({"M": resource})
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []
    client("cloudformation").delete_stack(StackName="test")

    adapters.enter_context(resource_types(StateMachineResource))
    stack = deploy_template(
        {"M": resource | {"Properties": resource["Properties"] | {"TracingConfiguration": {"Enabled": True}}}},
        {"Arn": {"Value": {"Fn::GetAtt": ["M", "Arn"]}}},
    )
    description = client("stepfunctions").describe_state_machine(stateMachineArn=outputs(stack)["Arn"])
    assert json.loads(description["definition"]) == pass_to("hello")
    assert description["tracingConfiguration"] == {"enabled": True}


def test_a_definition_can_be_in_a_bucket(client: Client, deploy_template: DeployTemplate, complete: ExitStack) -> None:
    client("s3").create_bucket(Bucket="bucket")
    client("s3").put_object(Bucket="bucket", Key="m.json", Body=json.dumps(pass_to("${value}")))
    location = {"DefinitionS3Location": {"Bucket": "bucket", "Key": "m.json"}}
    properties = {"StateMachineName": "m", "RoleArn": ROLE, "DefinitionSubstitutions": {"value": "hello"}} | location
    deploy_template({"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}})
    (only,) = client("stepfunctions").list_state_machines()["stateMachines"]
    description = client("stepfunctions").describe_state_machine(stateMachineArn=only["stateMachineArn"])
    assert json.loads(description["definition"]) == pass_to("hello")


def test_state_machines_are_updated_in_place(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
    output = {"Arn": {"Value": {"Ref": "M"}}}
    first = deploy_template({"M": machine(pass_to("one"))}, output)
    second = deploy_template({"M": machine(pass_to("two"))}, output, update=True)
    assert (second["StackStatus"], outputs(second)) == ("UPDATE_COMPLETE", outputs(first))
    (only,) = client("stepfunctions").list_state_machines()["stateMachines"]
    description = client("stepfunctions").describe_state_machine(stateMachineArn=only["stateMachineArn"])
    assert json.loads(description["definition"]) == pass_to("two")


def test_substitution_leaves_other_placeholders_alone() -> None:
    assert substitute("${a} ${b} $.a ${aa}", {"a": 1}) == "1 ${b} $.a ${aa}"


@pytest.mark.parametrize(
    ("resource", "others"),
    [
        ({"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}}, {}),
        (
            {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Q"}], "PolicyDocument": {}}},
            {"Q": QUEUE},
        ),
        (
            {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": {"Statement": []}},
            },
            {"B": {"Type": "AWS::S3::Bucket"}},
        ),
        (
            {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "ComparisonOperator": "GreaterThanThreshold",
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "MetricName": "m",
                    "Namespace": "n",
                    "Statistic": "Sum",
                    "Period": 60,
                },
            },
            {},
        ),
        (
            {
                "Type": "AWS::DynamoDB::GlobalTable",
                "Properties": key("id") | {"Replicas": [{"Region": "us-east-1"}]},
            },
            {},
        ),
        (
            {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": {"Ref": "M"}}},
            {"M": machine(pass_to("x"))},
        ),
        (
            {
                "Type": "AWS::StepFunctions::StateMachineAlias",
                "Properties": {
                    "Name": "live",
                    "RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "V"}, "Weight": 100}],
                },
            },
            {
                "M": machine(pass_to("x")),
                "V": {
                    "Type": "AWS::StepFunctions::StateMachineVersion",
                    "Properties": {"StateMachineArn": {"Ref": "M"}},
                },
            },
        ),
    ],
    ids=lambda value: value.get("Type", "").rpartition("::")[2] or "with",
)
def test_resource_types_that_upstream_lacks(
    client: Client,
    deploy_template: DeployTemplate,
    adapters: ExitStack,
    resource: dict[str, Any],
    others: dict[str, Any],
) -> None:
    adapters.enter_context(executing_engine())
    with ExitStack() as few:
        few.enter_context(resource_types(StateMachineResource))
        own = [model for model in RESOURCES if model.cloudformation_type() == resource["Type"]]
        assert own, "this type is not in the catalog"
        if "V" not in others:
            deploy_template(others | {"New": resource})
            assert "New" not in existing(client)
            client("cloudformation").delete_stack(StackName="test")
    for adapter in (resource_types(*RESOURCES), complete_resources(), stack_operations()):
        adapters.enter_context(adapter)
    assert deploy_template(others | {"New": resource})["StackStatus"] == "CREATE_COMPLETE"
    assert existing(client) == {*others, "New"}
    client("cloudformation").delete_stack(StackName="test")


def test_tables_keep_their_settings_and_their_items(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
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


def test_a_skipped_resource_fails_the_stack(
    client: Client, deploy_template: DeployTemplate, adapters: ExitStack
) -> None:
    assert deploy_template({"Q": QUEUE, "X": UNKNOWN})["StackStatus"] == "CREATE_COMPLETE"
    client("cloudformation").delete_stack(StackName="test")
    adapters.enter_context(complete_resources())
    with pytest.raises(ClientError, match=r"X \(AWS::Nowhere::Thing\)"):
        deploy_template({"Q": QUEUE, "X": UNKNOWN})


def test_a_failed_stack_is_rolled_back_and_can_be_made_again(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
    stack = deploy_template({"Q": QUEUE, "X": UNKNOWN})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    events = client("cloudformation").describe_stack_events(StackName="test")["StackEvents"]
    (failure,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert (failure["LogicalResourceId"], failure["ResourceType"]) == ("X", "AWS::Nowhere::Thing")
    client("cloudformation").delete_stack(StackName="test")
    assert deploy_template({"Q": QUEUE})["StackStatus"] == "CREATE_COMPLETE"


def test_without_stack_operations_a_failed_stack_stays_in_the_way(
    client: Client, deploy_template: DeployTemplate, adapters: ExitStack
) -> None:
    adapters.enter_context(complete_resources())
    with pytest.raises(ClientError):
        deploy_template({"Q": QUEUE, "X": UNKNOWN})
    with pytest.raises(ClientError, match="AlreadyExists"):
        deploy_template({"Q": QUEUE})


def test_a_failed_update_is_rolled_back(client: Client, deploy_template: DeployTemplate, complete: ExitStack) -> None:
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


@pytest.fixture
def code(client: Client) -> None:
    """A function's code, where a template of the CDK has it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("index.py", "def handler(event, context): return 1")
    client("s3").create_bucket(Bucket="code")
    client("s3").put_object(Bucket="code", Key="f.zip", Body=archive.getvalue())


def live_timeouts(client: Client) -> tuple[int, list[int]]:
    """Return the timeout of what is live, and those of all that was published."""
    lambda_ = client("lambda")
    (live,) = [alias["FunctionVersion"] for alias in lambda_.list_aliases(FunctionName="f")["Aliases"]]
    versions = lambda_.list_versions_by_function(FunctionName="f")["Versions"]
    timeouts = {version["Version"]: version["Timeout"] for version in versions if version["Version"] != "$LATEST"}
    return timeouts[live], list(timeouts.values())


@pytest.mark.usefixtures("code")
def test_a_version_is_published_of_the_updated_function_and_the_one_before_stays(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
    complete.enter_context(version_updates())
    deploy_template(with_version(3, "V1"))
    assert live_timeouts(client) == (3, [3])
    deploy_template(with_version(5, "V2"), update=True)
    assert live_timeouts(client) == (5, [3, 5])
    deploy_template(with_version(7, "V3") | {"Q": QUEUE}, update=True)
    assert live_timeouts(client) == (7, [3, 5, 7])
    assert existing(client) == {"F", "Live", "Q", "Role", "V3"}


@pytest.mark.usefixtures("complete", "code")
def test_without_version_updates_what_is_live_is_what_was(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template(with_version(3, "V1"))
    deploy_template(with_version(5, "V2"), update=True)
    assert live_timeouts(client) == (3, [3])


def test_false_conditions_create_nothing_and_are_no_failure(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
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


def test_change_sets_export_import_and_give_outputs(client: Client, adapters: ExitStack) -> None:
    before = change_set(client, "exporting", EXPORTING)
    assert "Outputs" not in before
    client("cloudformation").delete_stack(StackName="exporting")

    adapters.enter_context(complete_resources())
    adapters.enter_context(stack_operations())
    name = outputs(change_set(client, "exporting", EXPORTING))["Name"]
    assert outputs(change_set(client, "importing", IMPORTING)) == {"Name": name}
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == name
    assert [export["Name"] for export in client("cloudformation").list_exports()["Exports"]] == ["queue"]
    assert change_set(client, "taken", EXPORTING)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_an_update_keeps_the_previous_ssm_parameter(client: Client, adapters: ExitStack) -> None:
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

    with pytest.raises(ResponseParserError, match="NoneType"):
        update(R=QUEUE)
    adapters.enter_context(complete_resources())
    adapters.enter_context(stack_operations())
    adapters.enter_context(change_sets_by_stack())
    assert update(S=QUEUE) == "UPDATE_COMPLETE"


def test_change_sets_are_found_by_name_and_stack(client: Client, adapters: ExitStack) -> None:
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
    assert (described("one"), described("two")) == ("two", "two")
    adapters.enter_context(change_sets_by_stack())
    assert (described("one"), described("two")) == ("one", "two")
    assert len(cloudformation.list_change_sets(StackName="one")["Summaries"]) == 1
    cloudformation.delete_change_set(StackName="one", ChangeSetName="same")
    cloudformation.delete_change_set(StackName="one", ChangeSetName="same")
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        described("one")
    assert described("two") == "two"
    cloudformation.execute_change_set(StackName="two", ChangeSetName="same")
    assert cloudformation.describe_stacks(StackName="two")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_what_refers_to_a_replaced_resource_is_updated_too(
    client: Client, deploy_template: DeployTemplate, complete: ExitStack
) -> None:
    def resources(queue: str) -> dict[str, Any]:
        value = {"Fn::GetAtt": ["Q", "QueueName"]}
        return {
            "Q": QUEUE | {"Properties": {"QueueName": queue}},
            "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "p", "Type": "String", "Value": value}},
        }

    complete.enter_context(queue_updates())
    deploy_template(resources("one"))
    deploy_template(resources("two"), update=True)
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "two"


def test_queue_updates_change_all_attributes(
    client: Client, deploy_template: DeployTemplate, adapters: ExitStack
) -> None:
    def retention(seconds: int, *, update: bool) -> str:
        resources = {"Q": QUEUE | {"Properties": {"QueueName": "q", "MessageRetentionPeriod": seconds}}}
        deploy_template(resources, update=update)
        url = client("sqs").get_queue_url(QueueName="q")["QueueUrl"]
        value: str = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
            "MessageRetentionPeriod"
        ]
        return value

    assert retention(60, update=False) == "60"
    assert retention(70, update=True) == "60"
    adapters.enter_context(queue_updates())
    assert retention(80, update=True) == "80"


def test_queues_are_reached_at_the_local_cloud(deploy_template: DeployTemplate, adapters: ExitStack) -> None:
    output = {"Url": {"Value": {"Ref": "Q"}}}
    resources = {"Q": QUEUE | {"Properties": {"QueueName": "q"}}}
    assert "amazonaws.com" in outputs(deploy_template(resources, output))["Url"]
    adapters.enter_context(local_queue_urls("http://localhost:1"))
    url = outputs(deploy_template(resources, output | {"Again": {"Value": "x"}}, update=True))["Url"]
    assert url == "http://localhost:1/123456789012/q"


def bucket(owner: str, days: int) -> dict[str, Any]:
    rule = {"Id": "expire", "Status": "Enabled", "ExpirationInDays": days}
    properties = {"LifecycleConfiguration": {"Rules": [rule]}, "Tags": [{"Key": "owner", "Value": owner}]}
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def test_a_bucket_that_the_template_leaves_unnamed_can_be_updated(
    client: Client, deploy_template: DeployTemplate, adapters: ExitStack
) -> None:
    deploy_template({"B": bucket("one", 1)})
    with pytest.raises((ClientError, ResponseParserError, AssertionError)):
        deploy_template({"B": bucket("two", 2)}, update=True)
    adapters.enter_context(bucket_updates())
    deploy_template({"B": bucket("three", 3)}, update=True)
    s3 = client("s3")
    (found,) = s3.list_buckets()["Buckets"]
    assert s3.get_bucket_tagging(Bucket=found["Name"])["TagSet"] == [{"Key": "owner", "Value": "three"}]


def test_conditional_denials_do_not_close_a_bucket(client: Client, adapters: ExitStack) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"}
    conditional = denial | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [conditional]}))
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket="bucket", Key="k")
    adapters.enter_context(bucket_policy_conditions())
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
    assert json.loads(s3.get_bucket_policy(Bucket="bucket")["Policy"])["Statement"] == [conditional]
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    with pytest.raises(ClientError):
        s3.get_object(Bucket="bucket", Key="k")
