"""All types of resources that the local cloud has: each is made, changed and removed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType
from stepweave.local_cloud.adapters.cloudformation.resource_type import RefusedError
from stepweave.local_cloud.adapters.cloudformation.resources import networks
from stepweave.local_cloud.adapters.cloudformation.resources.catalog import RESOURCE_TYPES

Client = Callable[[str], Any]
DeployTemplate = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("stacks")

NESTED_ONES = {"AWS::CloudFormation::Stack", "AWS::Pipes::Pipe", "AWS::Lambda::Url"}
"""Those that need more than a template: they have tests of their own."""


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def att(name: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
FOR_ALL = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
KEY = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": "1", "Threshold": 1, "Namespace": "n"}
ALARM |= {"MetricName": "m", "Statistic": "Sum", "Period": 60}

Case = tuple[str, dict[str, Any], dict[str, Any]]
CASES: dict[str, Case] = {
    # name: type, properties, and those that change
    "Meta": ("AWS::CDK::Metadata", {"Analytics": "x"}, {"Analytics": "y"}),
    "Handle": ("AWS::CloudFormation::WaitConditionHandle", {}, {}),
    "Alarm": ("AWS::CloudWatch::Alarm", ALARM, {"Threshold": "2"}),
    "Dashboard": ("AWS::CloudWatch::Dashboard", {"DashboardBody": '{"widgets": []}'}, {}),
    "Table": ("AWS::DynamoDB::Table", KEY, {"TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True}}),
    "Global": ("AWS::DynamoDB::GlobalTable", KEY | {"Replicas": [{"Region": "us-east-1"}]}, {}),
    "Repository": ("AWS::ECR::Repository", {"RepositoryName": "images"}, {"RepositoryPolicyText": FOR_ALL}),
    "Bus": ("AWS::Events::EventBus", {"Name": "bus"}, {"Description": "d"}),
    "BusPolicy": (
        "AWS::Events::EventBusPolicy",
        {"EventBusName": ref("Bus"), "StatementId": "s", "Action": "events:PutEvents", "Principal": "*"},
        {"Principal": "123456789012"},
    ),
    "Rule": (
        "AWS::Events::Rule",
        {"EventPattern": {"source": ["a"]}, "Targets": [{"Id": "t", "Arn": att("Queue")}], "EventBusName": ref("Bus")},
        {"EventPattern": {"source": ["b"]}},
    ),
    "Archive": ("AWS::Events::Archive", {"SourceArn": att("Bus")}, {"RetentionDays": 3}),
    "Connection": (
        "AWS::Events::Connection",
        {
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
        },
        {"Description": "d"},
    ),
    "Destination": (
        "AWS::Events::ApiDestination",
        {"ConnectionArn": att("Connection"), "HttpMethod": "POST", "InvocationEndpoint": "https://a.b"},
        {"HttpMethod": "PUT"},
    ),
    "Group": ("AWS::IAM::Group", {"Policies": [{"PolicyName": "p", "PolicyDocument": POLICY}]}, {"Policies": []}),
    "GroupPolicy": (
        "AWS::IAM::GroupPolicy",
        {"GroupName": ref("Group"), "PolicyName": "gp", "PolicyDocument": POLICY},
        {"PolicyDocument": POLICY | {"Id": "x"}},
    ),
    "User": ("AWS::IAM::User", {"Groups": [ref("Group")]}, {"Groups": []}),
    "UserPolicy": (
        "AWS::IAM::UserPolicy",
        {"UserName": ref("User"), "PolicyName": "up", "PolicyDocument": POLICY},
        {},
    ),
    "AccessKey": ("AWS::IAM::AccessKey", {"UserName": ref("User")}, {}),
    "Role": (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": TRUST,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
            "Policies": [{"PolicyName": "p", "PolicyDocument": POLICY}],
            "Tags": [{"Key": "k", "Value": "v"}],
        },
        {"ManagedPolicyArns": [], "Description": "d", "MaxSessionDuration": "7200"},
    ),
    "RolePolicy": (
        "AWS::IAM::RolePolicy",
        {"RoleName": ref("Role"), "PolicyName": "rp", "PolicyDocument": POLICY},
        {},
    ),
    "Policy": (
        "AWS::IAM::Policy",
        {"PolicyName": "n", "PolicyDocument": POLICY, "Roles": [ref("Role")]},
        {"Roles": []},
    ),
    "Managed": (
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": POLICY, "Roles": [ref("Role")]},
        {"PolicyDocument": POLICY | {"Id": "x"}},
    ),
    "Key": ("AWS::KMS::Key", {"KeyPolicy": FOR_ALL, "EnableKeyRotation": "true"}, {"Description": "d"}),
    "KeyAlias": ("AWS::KMS::Alias", {"AliasName": "alias/a", "TargetKeyId": ref("Key")}, {}),
    "Function": (
        "AWS::Lambda::Function",
        {
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "Role": att("Role"),
            "Code": {"ZipFile": "def handler(e, c): return 1"},
            "Environment": {"Variables": {"A": "1"}},
            "MemorySize": "256",
            "Layers": [ref("Layer")],
        },
        {"Code": {"ZipFile": "def handler(e, c): return 2"}, "Environment": {"Variables": {"A": "2"}}},
    ),
    "Layer": (
        "AWS::Lambda::LayerVersion",
        {"Content": {"S3Bucket": "code", "S3Key": "l.zip"}, "CompatibleRuntimes": ["python3.11"]},
        {},
    ),
    "LayerPermission": (
        "AWS::Lambda::LayerVersionPermission",
        {"LayerVersionArn": ref("Layer"), "Action": "lambda:GetLayerVersion", "Principal": "*"},
        {},
    ),
    "Version": ("AWS::Lambda::Version", {"FunctionName": ref("Function")}, {}),
    "LambdaAlias": (
        "AWS::Lambda::Alias",
        {"Name": "live", "FunctionName": ref("Function"), "FunctionVersion": att("Version", "Version")},
        {"Description": "d"},
    ),
    "Permission": (
        "AWS::Lambda::Permission",
        {"FunctionName": att("Function"), "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"},
        {"SourceArn": ref("Topic")},
    ),
    "Invoke": (
        "AWS::Lambda::EventInvokeConfig",
        {"FunctionName": ref("Function"), "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
        {"MaximumRetryAttempts": 1},
    ),
    "Mapping": (
        "AWS::Lambda::EventSourceMapping",
        {"FunctionName": ref("Function"), "EventSourceArn": att("Queue"), "BatchSize": "5"},
        {"BatchSize": 6},
    ),
    "Log": ("AWS::Logs::LogGroup", {"LogGroupName": "/l", "RetentionInDays": 7}, {"RetentionInDays": "14"}),
    "Stream": ("AWS::Logs::LogStream", {"LogGroupName": ref("Log")}, {}),
    "Filter": (
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": ref("Log"),
            "FilterPattern": "ERROR",
            "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}],
        },
        {"FilterPattern": "WARN"},
    ),
    "LogPolicy": ("AWS::Logs::ResourcePolicy", {"PolicyName": "p", "PolicyDocument": "{}"}, {}),
    "Subscribed": (
        "AWS::Logs::SubscriptionFilter",
        {"LogGroupName": ref("Log"), "FilterPattern": "", "DestinationArn": att("Function")},
        {"FilterPattern": "x"},
    ),
    "Bucket": (
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": "3"}]},
            "LifecycleConfiguration": {"Rules": [{"Id": "r", "Status": "Enabled", "ExpirationInDays": "3"}]},
            "NotificationConfiguration": {"EventBridgeConfiguration": {}},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
            "Tags": [{"Key": "k", "Value": "v"}],
            "VersioningConfiguration": {"Status": "Enabled"},
            "WebsiteConfiguration": {"IndexDocument": "i.html"},
        },
        {"LifecycleConfiguration": {"Rules": [{"Id": "r", "Status": "Enabled", "ExpirationInDays": 4}]}},
    ),
    "BucketPolicy": (
        "AWS::S3::BucketPolicy",
        {"Bucket": ref("Bucket"), "PolicyDocument": FOR_ALL},
        {"PolicyDocument": FOR_ALL | {"Id": "x"}},
    ),
    "ScheduleGroup": ("AWS::Scheduler::ScheduleGroup", {"Name": "g"}, {}),
    "Schedule": (
        "AWS::Scheduler::Schedule",
        {
            "GroupName": ref("ScheduleGroup"),
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": att("Queue"), "RoleArn": att("Role")},
        },
        {"ScheduleExpression": "rate(2 days)"},
    ),
    "Secret": ("AWS::SecretsManager::Secret", {"GenerateSecretString": {"PasswordLength": "20"}}, {"Description": "d"}),
    "SecretPolicy": (
        "AWS::SecretsManager::ResourcePolicy",
        {"SecretId": ref("Secret"), "ResourcePolicy": FOR_ALL},
        {},
    ),
    "Topic": ("AWS::SNS::Topic", {"DisplayName": "one"}, {"DisplayName": "two"}),
    "TopicPolicy": ("AWS::SNS::TopicPolicy", {"Topics": [ref("Topic")], "PolicyDocument": FOR_ALL}, {}),
    "TopicInline": ("AWS::SNS::TopicInlinePolicy", {"TopicArn": ref("Topic"), "PolicyDocument": FOR_ALL}, {}),
    "Subscription": (
        "AWS::SNS::Subscription",
        {"TopicArn": ref("Topic"), "Protocol": "sqs", "Endpoint": att("Queue"), "FilterPolicy": {"a": ["b"]}},
        {"RawMessageDelivery": "true"},
    ),
    "Queue": ("AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": att("Dead"), "maxReceiveCount": 3}}, {}),
    "Dead": ("AWS::SQS::Queue", {"VisibilityTimeout": 5}, {"VisibilityTimeout": 6}),
    "QueuePolicy": ("AWS::SQS::QueuePolicy", {"Queues": [ref("Queue")], "PolicyDocument": FOR_ALL}, {}),
    "QueueInline": ("AWS::SQS::QueueInlinePolicy", {"Queue": ref("Queue"), "PolicyDocument": FOR_ALL}, {}),
    "Parameter": ("AWS::SSM::Parameter", {"Type": "String", "Value": "v", "Tags": {"k": "v"}}, {"Value": "w"}),
    "Activity": ("AWS::StepFunctions::Activity", {"Name": "a"}, {}),
    "Machine": (
        "AWS::StepFunctions::StateMachine",
        {"Definition": PASS, "RoleArn": att("Role"), "TracingConfiguration": {"Enabled": "true"}},
        {"Definition": PASS | {"Comment": "c"}},
    ),
    "MachineVersion": ("AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": ref("Machine")}, {}),
    "MachineAlias": (
        "AWS::StepFunctions::StateMachineAlias",
        {"Name": "live", "RoutingConfiguration": [{"StateMachineVersionArn": ref("MachineVersion"), "Weight": "100"}]},
        {"Description": "d"},
    ),
}


CASES |= {f"Net{number}": (kind.name, {"VpcId": "vpc-1"}, {}) for number, kind in enumerate(networks.TYPES)}


def test_every_type_has_a_case() -> None:
    assert {case[0] for case in CASES.values()} == RESOURCE_TYPES.keys() - NESTED_ONES


def template(*, changed: bool) -> dict[str, Any]:
    return {
        name: {"Type": kind, "Properties": {**before, **(after if changed else {})}}
        for name, (kind, before, after) in CASES.items()
    }


def all_attributes() -> dict[str, Any]:
    outputs = {}
    for name, (kind, _, _) in CASES.items():
        model = RESOURCE_TYPES[kind]
        for attribute in model.attributes if isinstance(model, ApiType) else ():
            if attribute not in {
                "StreamArn",
                "Policy",
                "Id",
                "CurrentState",
                "State",
                "SecretArn",
                "StateMachineRevisionId",
            }:
                outputs[f"{name}0{attribute}"] = {"Value": att(name, attribute)}
    return outputs


def state(client: Client, deployed: Callable[[str], str]) -> dict[str, Any]:
    """Return what the changes should change, as the services tell it."""
    sqs, lambdas, name = client("sqs"), client("lambda"), deployed
    function = lambdas.get_function_configuration(FunctionName=name("Function"))
    dead = sqs.get_queue_attributes(QueueUrl=name("Dead"), AttributeNames=["All"])["Attributes"]
    role = client("iam").get_role(RoleName=name("Role"))["Role"]
    attached = client("iam").list_attached_role_policies(RoleName=name("Role"))["AttachedPolicies"]
    rule = client("events").describe_rule(Name=name("Rule"), EventBusName="bus")
    lifecycle = client("s3").get_bucket_lifecycle_configuration(Bucket=name("Bucket"))["Rules"][0]
    topic = client("sns").get_topic_attributes(TopicArn=name("Topic"))["Attributes"]
    mapping = lambdas.get_event_source_mapping(UUID=name("Mapping"))
    return {
        "memory": function["MemorySize"],
        "variable": function["Environment"]["Variables"]["A"],
        "visibility": dead["VisibilityTimeout"],
        "queue policy": "Policy"
        in sqs.get_queue_attributes(QueueUrl=name("Queue"), AttributeNames=["All"])["Attributes"],
        "session": role["MaxSessionDuration"],
        "attached": len(attached),
        "pattern": json.loads(rule["EventPattern"])["source"],
        "days": lifecycle["Expiration"]["Days"],
        "topic": topic["DisplayName"],
        "batch": mapping["BatchSize"],
        "parameter": client("ssm").get_parameter(Name=name("Parameter"))["Parameter"]["Value"],
        "threshold": client("cloudwatch").describe_alarms(AlarmNames=[name("Alarm")])["MetricAlarms"][0]["Threshold"],
    }


def test_all_are_made_changed_and_removed(client: Client, deploy_template: DeployTemplate, code: None) -> None:
    made = deploy_template(template(changed=False), all_attributes())
    failed = [
        (event["LogicalResourceId"], event["ResourceStatusReason"])
        for event in client("cloudformation").describe_stack_events(StackName="test")["StackEvents"]
        if event["ResourceStatus"].endswith("FAILED")
    ]
    assert failed == []
    assert all(output["OutputValue"] not in {"", "None"} for output in made["Outputs"])

    def deployed(name: str) -> str:
        detail = client("cloudformation").describe_stack_resource(StackName="test", LogicalResourceId=name)
        physical_id: str = detail["StackResourceDetail"]["PhysicalResourceId"]
        return physical_id

    before = {name: deployed(name) for name in CASES}
    assert state(client, deployed) == {
        "memory": 256,
        "variable": "1",
        "visibility": "5",
        "queue policy": True,
        "session": 3600,
        "attached": 2,
        "pattern": ["a"],
        "days": 3,
        "topic": "one",
        "batch": 5,
        "parameter": "v",
        "threshold": 1.0,
    }
    changed = deploy_template(template(changed=True), update=True)
    assert changed["StackStatus"] == "UPDATE_COMPLETE"
    assert state(client, deployed) == {
        "memory": 256,
        "variable": "2",
        "visibility": "6",
        "queue policy": True,
        "session": 7200,
        "attached": 1,
        "pattern": ["b"],
        "days": 4,
        "topic": "two",
        "batch": 6,
        "parameter": "w",
        "threshold": 2.0,
    }
    assert {name for name in CASES if deployed(name) != before[name]} <= {"Permission"}
    client("cloudformation").delete_stack(StackName="test")
    (left,) = client("cloudformation").list_stacks()["StackSummaries"]
    assert left["StackStatus"] == "DELETE_COMPLETE"
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    assert client("iam").list_roles()["Roles"] == []
    assert client("lambda").list_functions()["Functions"] == []
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["code"]
    assert client("stepfunctions").list_state_machines()["stateMachines"] == []


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("AWS::SQS::Queue", {"Nope": 1}, "does not know its property Nope"),
        ("AWS::Lambda::Function", CASES["Function"][1] | {"Nope": 1}, "property Nope"),
        ("AWS::Lambda::Function", CASES["Function"][1] | {"FileSystemConfigs": []}, "property FileSystemConfigs"),
        ("AWS::Lambda::Function", CASES["Function"][1] | {"Runtime": "nodejs22.x"}, "runs Python only, not nodejs22.x"),
        ("AWS::Lambda::Function", {"Code": {"ImageUri": "x"}, "PackageType": "Image", "Role": "r"}, "container images"),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "x"}}, r"required key \[Role\] not found"),
        ("AWS::Lambda::Function", CASES["Function"][1] | {"TracingConfig": {"Nope": 1}}, "property TracingConfig.Nope"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {}}, "property ReplicationConfiguration"),
        ("AWS::SNS::Subscription", {"TopicArn": "t"}, r"required key \[Protocol\]"),
        ("AWS::DynamoDB::GlobalTable", KEY | {"Replicas": [{"Region": "a"}, {"Region": "b"}]}, "one replica"),
        ("AWS::SSM::Parameter", {"Type": "SecureString", "Value": "v"}, "SecureString"),
    ],
)
def test_what_would_be_ignored_is_refused(kind: str, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        RESOURCE_TYPES[kind].check(properties)


@pytest.mark.parametrize(
    ("kind", "before", "after", "replaced"),
    [
        ("AWS::SQS::Queue", {"QueueName": "a"}, {"QueueName": "b"}, True),
        ("AWS::SQS::Queue", {"DelaySeconds": 1}, {"DelaySeconds": 2}, False),
        ("AWS::SQS::Queue", {}, {"FifoQueue": True}, True),
        ("AWS::SNS::Topic", {"DisplayName": "a"}, {}, False),
        ("AWS::SNS::Subscription", {"Endpoint": "a"}, {"Endpoint": "b"}, True),
        ("AWS::SNS::Subscription", {}, {"RawMessageDelivery": True}, False),
        ("AWS::Lambda::Permission", {"Principal": "a"}, {"Principal": "b"}, True),
        ("AWS::Lambda::LayerVersion", {"Description": "a"}, {"Description": "b"}, True),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "a"}}, {"Code": {"ZipFile": "b"}}, False),
        ("AWS::DynamoDB::Table", {"KeySchema": [1]}, {"KeySchema": [2]}, True),
        ("AWS::StepFunctions::StateMachine", {"StateMachineType": "STANDARD"}, {"StateMachineType": "EXPRESS"}, True),
        ("AWS::IAM::Role", {"Path": "/a/"}, {"Path": "/b/"}, True),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": 1}, {"AssumeRolePolicyDocument": 2}, False),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, {}, False),
        ("AWS::S3::Bucket", {"Tags": [1]}, {}, False),
        ("AWS::KMS::Key", {"KeySpec": "a"}, {"KeySpec": "b"}, True),
        ("AWS::Events::Rule", {"EventBusName": "a"}, {"EventBusName": "b"}, True),
    ],
)
def test_which_changes_replace(kind: str, before: dict[str, Any], after: dict[str, Any], replaced: bool) -> None:
    assert RESOURCE_TYPES[kind].is_replaced(before, after) is replaced
