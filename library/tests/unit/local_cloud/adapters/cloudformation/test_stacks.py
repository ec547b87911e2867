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


def events(client: Client, stack: str = "test") -> list[tuple[str, str, str]]:
    """Return what happened, first things first: resource, status, reason."""
    found = client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [
        (one["LogicalResourceId"], one["ResourceStatus"], one.get("ResourceStatusReason", ""))
        for one in reversed(found)
    ]


def parameter(value: Any, **rest: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": "p", "Value": value}, **rest}


def test_all_that_cannot_be_had_is_named_before_anything_is_made(
    client: Client, deploy_template: DeployTemplate
) -> None:
    resources = {
        "Q": QUEUE,
        "Api": {"Type": "AWS::ApiGateway::RestApi"},
        "Odd": QUEUE | {"Properties": {"Nope": {"Ref": "Q"}}},
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition"},
        "Reads": parameter({"Fn::GetAtt": ["Q", "Nope"]}),
        "Never": UNKNOWN | {"Condition": "No"},
    }
    conditions = {"Conditions": {"No": {"Fn::Equals": [1, 2]}}}
    assert deploy_template(resources, **conditions)["StackStatus"] == "ROLLBACK_COMPLETE"
    happened = events(client)
    failed = {name: reason for name, status, reason in happened if status == "CREATE_FAILED"}
    assert failed == {
        "Api": "the local cloud does not have this type of resource",
        "Odd": "the local cloud does not know its property Nope",
        "Wait": "the local cloud does not have this type of resource",
        "Q": "the local cloud does not have its attribute Nope",
    }
    assert not [status for name, status, _ in happened if name != "test" and status == "CREATE_COMPLETE"]


def test_what_is_imported_must_be_exported(client: Client, deploy_template: DeployTemplate) -> None:
    stack = deploy_template({"P": parameter({"Fn::ImportValue": "nothing"})})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("P", "CREATE_FAILED", "No export named nothing found.") in events(client)


def test_macros_are_refused(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template({"Q": QUEUE}, Transform="AWS::Serverless-2016-10-31")
    assert ("Transform", "CREATE_FAILED", "the local cloud has no macros") in events(client)


def test_an_update_that_changes_nothing_is_refused(deploy_template: DeployTemplate) -> None:
    deploy_template({"Q": QUEUE})
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deploy_template({"Q": QUEUE}, update=True)
    deploy_template({"Q": QUEUE}, {"Q": {"Value": {"Ref": "Q"}}}, update=True)


def test_a_failed_update_undoes_all_that_it_did(client: Client, deploy_template: DeployTemplate) -> None:
    before = {
        "Kept": QUEUE | {"Properties": {"QueueName": "kept", "DelaySeconds": 1}},
        "Old": QUEUE | {"Properties": {"QueueName": "old"}},
        "Gone": QUEUE | {"Properties": {"QueueName": "gone"}},
    }
    after = {
        "Kept": QUEUE | {"Properties": {"QueueName": "kept", "DelaySeconds": 2}},
        "Old": QUEUE | {"Properties": {"QueueName": "renamed"}},
        "New": QUEUE | {"Properties": {"QueueName": "new"}},
        "Fails": parameter("v", DependsOn=["Kept", "Old", "New"]),
    }
    client("ssm").put_parameter(Name="p", Value="taken", Type="String")
    deploy_template(before, {"Old": {"Value": {"Fn::GetAtt": ["Old", "QueueName"]}}})
    stack = deploy_template(after, update=True)
    assert (stack["StackStatus"], outputs(stack)) == ("UPDATE_ROLLBACK_COMPLETE", {"Old": "old"})
    urls = client("sqs").list_queues()["QueueUrls"]
    assert {url.rpartition("/")[2] for url in urls} == {"kept", "old", "gone"}
    kept = next(url for url in urls if url.endswith("kept"))
    attributes = client("sqs").get_queue_attributes(QueueUrl=kept, AttributeNames=["All"])["Attributes"]
    assert attributes["DelaySeconds"] == "1"
    assert existing(client) == {"Kept", "Old", "Gone"}


def test_what_a_template_retains_stays(client: Client, deploy_template: DeployTemplate) -> None:
    def queues(name: str, **policies: str) -> dict[str, Any]:
        return {"Q": QUEUE | {"Properties": {"QueueName": name}} | policies}

    def there() -> set[str]:
        return {url.rpartition("/")[2] for url in client("sqs").list_queues().get("QueueUrls", [])}

    deploy_template(queues("one", UpdateReplacePolicy="Retain"))
    deploy_template(queues("two"), update=True)
    assert there() == {"one", "two"}
    deploy_template(queues("three", DeletionPolicy="Retain"), update=True)
    assert there() == {"one", "three"}
    deploy_template({"P": parameter("x")}, update=True)
    client("cloudformation").delete_stack(StackName="test")
    assert there() == {"one", "three"}


def test_a_resource_whose_name_is_given_is_not_replaced_under_it(deploy_template: DeployTemplate) -> None:
    named = {"Properties": {"QueueName": "q.fifo"}}
    deploy_template({"Q": QUEUE | named})
    changed = {"Q": QUEUE | {"Properties": {"QueueName": "q.fifo", "FifoQueue": True}}}
    assert deploy_template(changed, update=True)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_resource_keeps_its_type(deploy_template: DeployTemplate) -> None:
    deploy_template({"Q": QUEUE})
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*\[Q\]"):
        deploy_template({"Q": {"Type": "AWS::SNS::Topic"}}, update=True)


def test_what_is_imported_can_be_neither_changed_nor_deleted(client: Client) -> None:
    change_set(client, "exporting", EXPORTING)
    change_set(client, "importing", IMPORTING)
    renamed = {**EXPORTING, "Resources": {"Q": QUEUE | {"Properties": {"QueueName": "other"}}}}
    assert change_set(client, "exporting", renamed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any("cannot be updated as it is in use by importing" in reason for *_, reason in events(client, "exporting"))
    client("cloudformation").delete_stack(StackName="exporting")
    (stack,) = client("cloudformation").describe_stacks(StackName="exporting")["Stacks"]
    assert stack["StackStatus"] == "DELETE_FAILED"
    for name in ("importing", "exporting"):
        client("cloudformation").delete_stack(StackName=name)
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_bucket_that_holds_something_is_not_deleted(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template({"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}, "Q": QUEUE})
    client("s3").put_object(Bucket="full", Key="k", Body=b"")
    client("cloudformation").delete_stack(StackName="test")
    (stack,) = client("cloudformation").describe_stacks(StackName="test")["Stacks"]
    assert (stack["StackStatus"], existing(client)) == ("DELETE_FAILED", {"B"})
    client("s3").delete_object(Bucket="full", Key="k")
    client("cloudformation").delete_stack(StackName="test")
    assert client("s3").list_buckets()["Buckets"] == []


def test_secrets_and_parameters_in_templates(client: Client, deploy_template: DeployTemplate) -> None:
    client("ssm").put_parameter(Name="/stored", Value="v", Type="String")
    generated = {"SecretStringTemplate": '{"user": "u"}', "GenerateStringKey": "password", "PasswordLength": 12}
    secret = "{{resolve:secretsmanager:${S}:SecretString:user}} {{resolve:ssm:/stored}}"
    resources = {
        "S": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": generated}},
        "P": parameter({"Fn::Sub": secret}),
    }
    deploy_template(resources, {"S": {"Value": {"Ref": "S"}}})
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "u v"
    arn = outputs(client("cloudformation").describe_stacks(StackName="test")["Stacks"][0])["S"]
    value = json.loads(client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
    assert (value["user"], len(value["password"])) == ("u", 12)
    resources["S"]["Properties"]["Description"] = "d"
    deploy_template(resources, update=True)
    assert json.loads(client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]) == value


def test_nested_stacks(client: Client, deploy_template: DeployTemplate) -> None:
    inner = {
        "Parameters": {"Value": {"Type": "String"}},
        "Resources": {"P": parameter({"Ref": "Value"})},
        "Outputs": {"Name": {"Value": {"Ref": "P"}}},
    }
    client("s3").create_bucket(Bucket="templates")

    def nested(value: str, body: dict[str, Any]) -> dict[str, Any]:
        client("s3").put_object(Bucket="templates", Key="t.json", Body=json.dumps(body))
        url = {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/templates/t.json"}
        properties = {"TemplateURL": url, "Parameters": {"Value": value}}
        return {"N": {"Type": "AWS::CloudFormation::Stack", "Properties": properties}}

    output = {"Name": {"Value": {"Fn::GetAtt": ["N", "Outputs.Name"]}}}
    assert outputs(deploy_template(nested("one", inner), output)) == {"Name": "p"}
    deploy_template(nested("two", inner), output, update=True)
    assert client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "two"
    refused = {**inner, "Resources": {"X": UNKNOWN, "P": parameter("v")}}
    assert deploy_template(nested("three", refused), update=True)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("N.X", "UPDATE_FAILED", "the local cloud does not have this type of resource") in events(client)
    client("cloudformation").delete_stack(StackName="test")
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def described(client: Client, template: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return what a change set would change in the stack of the test."""
    cloudformation = client("cloudformation")
    cloudformation.create_change_set(
        StackName="test", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=json.dumps(template), **options
    )
    found: dict[str, Any] = cloudformation.describe_change_set(StackName="test", ChangeSetName="c")
    return found


def test_a_change_set_tells_what_would_change(client: Client, deploy_template: DeployTemplate) -> None:
    parameters = {"Delay": {"Type": "Number", "Default": 1}}
    resources = {
        "Q": QUEUE | {"Properties": {"DelaySeconds": {"Ref": "Delay"}}},
        "Named": QUEUE | {"Properties": {"QueueName": "one"}},
        "P": parameter({"Fn::GetAtt": ["Named", "QueueName"]}),
        "Gone": QUEUE,
    }
    deploy_template(resources, Parameters=parameters)
    renamed = QUEUE | {"Properties": {"QueueName": "two"}}
    after = {**{name: resources[name] for name in ("Q", "P")}, "Named": renamed, "New": QUEUE}
    found = described(
        client,
        {"Resources": after, "Parameters": parameters},
        Parameters=[{"ParameterKey": "Delay", "ParameterValue": "2"}],
    )
    changes = {one["ResourceChange"]["LogicalResourceId"]: one["ResourceChange"] for one in found["Changes"]}
    assert {name: (one["Action"], one.get("Replacement")) for name, one in changes.items()} == {
        "Q": ("Modify", "False"),
        "Named": ("Modify", "True"),
        "P": ("Modify", "False"),
        "Gone": ("Remove", None),
        "New": ("Add", None),
    }
    (of_queue,) = changes["Q"]["Details"]
    assert (of_queue["ChangeSource"], of_queue["CausingEntity"]) == ("ParameterReference", "Delay")
    (of_name,) = changes["Named"]["Details"]
    assert (of_name["ChangeSource"], of_name["Target"]["RequiresRecreation"]) == ("DirectModification", "Always")
    (of_parameter,) = changes["P"]["Details"]
    assert (of_parameter["ChangeSource"], of_parameter["Evaluation"]) == ("ResourceReference", "Dynamic")


def test_an_empty_change_set_fails(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template({"Q": QUEUE})
    found = described(client, {"Resources": {"Q": QUEUE}})
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match="cannot be executed"):
        client("cloudformation").execute_change_set(StackName="test", ChangeSetName="c")
    found = described(client, {"Resources": {"Q": QUEUE}, "Outputs": {"O": {"Value": "x"}}})
    assert (found["Status"], found.get("Changes", [])) == ("CREATE_COMPLETE", [])


def test_a_change_set_that_cannot_be_had_names_the_types(client: Client, deploy_template: DeployTemplate) -> None:
    deploy_template({"Q": QUEUE})
    found = described(client, {"Resources": {"Q": QUEUE, "X": UNKNOWN}})
    assert found["Status"] == "FAILED"
    assert "X (AWS::Nowhere::Thing)" in found["StatusReason"]
