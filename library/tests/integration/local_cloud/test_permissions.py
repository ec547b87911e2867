"""What a stack deployed may do only what policies allow, and is refused in AWS's words."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.permissions.authority import Mode
from stepweave.local_cloud.permissions.callers import RoleSession

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/test"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
SHUT = f"arn:aws:sqs:{REGION}:{ACCOUNT}:shut"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:caller"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/items"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:machine"
CODE = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        answer = getattr(boto3.client(event["service"]), event["operation"])(**event.get("parameters", {}))
    except ClientError as error:
        return error.response["Error"]
    return {key: value for key, value in answer.items() if isinstance(value, str)}
"""

Client = Callable[[str], Any]


def statement(action: Any, resource: Any, **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusting(service: str) -> dict[str, Any]:
    principal = {"Service": f"{service}.amazonaws.com"}
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


def role(service: str, *statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    own = [{"PolicyName": "own", "PolicyDocument": policy(*statements)}] if statements else []
    trust = {"AssumeRolePolicyDocument": trusting(service), "Policies": own}
    return {"Type": "AWS::IAM::Role", "Properties": {**trust, **properties}}


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}


def rule(name: str, queue: str) -> dict[str, Any]:
    target = {"Id": "t", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"}
    dead = {"DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:undelivered"}}
    pattern = {"source": ["test"], "detail-type": [name]}
    properties = {"Name": name, "EventPattern": pattern, "Targets": [target | dead]}
    return {"Type": "AWS::Events::Rule", "Properties": properties, "DependsOn": ["Jobs", "Shut", "Undelivered"]}


CHOOSES = {
    "StartAt": "Choose",
    "States": {
        "Choose": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.call", "StringEquals": name, "Next": name}
                for name in ("invoke", "function", "put", "send", "sdk")
            ],
        },
        "invoke": task("arn:aws:states:::lambda:invoke", FunctionName="caller"),
        "function": task(FUNCTION),
        "put": task("arn:aws:states:::dynamodb:putItem", TableName="items", Item={"id": {"S": "1"}}),
        "send": task("arn:aws:states:::sqs:sendMessage", QueueUrl=f"http://localhost/{ACCOUNT}/shut", MessageBody="x"),
        "sdk": task("arn:aws:states:::aws-sdk:dynamodb:scan", TableName="items"),
    },
}


def template() -> dict[str, Any]:
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    bucket_policy = policy(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::papers/*"}
        | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {
            "Effect": "Deny",
            "Principal": {"AWS": ROLE},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::papers/no/*",
        },
    )
    of_events = {"Principal": {"Service": "events.amazonaws.com"}}
    only_rule = {"Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/open"}}}
    worker = role(
        "lambda",
        statement("sqs:SendMessage", QUEUE),
        statement(["dynamodb:PutItem", "dynamodb:Query"], TABLE)
        | {"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}},
        statement(["s3:GetObject", "s3:DeleteObject"], "arn:aws:s3:::papers/a/*"),
        statement("s3:GetObject", "arn:aws:s3:::papers/no/*"),
        statement("s3:ListBucket", "arn:aws:s3:::papers") | {"Condition": {"StringLike": {"s3:prefix": "a/*"}}},
        statement("sns:Publish", "arn:aws:sns:us-east-1:123456789012:none"),
        RoleName="worker",
        ManagedPolicyArns=[managed],
    )
    code = {"Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": CODE}}
    return {
        "Resources": {
            "Worker": worker,
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {**code, "FunctionName": "caller", "Role": {"Fn::GetAtt": ["Worker", "Arn"]}},
            },
            "MachineRole": role("states", statement("states:StartExecution", "*"), RoleName="machine"),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": "machine",
                    "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
                    "DefinitionString": json.dumps(CHOOSES),
                },
            },
            "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
            "Shut": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "shut"}},
            "Undelivered": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "undelivered"}},
            "JobsPolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Jobs"}],
                    "PolicyDocument": policy(statement("sqs:SendMessage", QUEUE) | of_events | only_rule),
                },
            },
            "UndeliveredPolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Undelivered"}],
                    "PolicyDocument": policy(statement("sqs:SendMessage", "*") | of_events),
                },
            },
            "Open": rule("open", "jobs"),
            "Closed": rule("closed", "shut"),
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
            "Items": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "items",
                    "BillingMode": "PAY_PER_REQUEST",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                },
            },
            "Papers": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "papers"}},
            "PapersPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Papers"}, "PolicyDocument": bucket_policy},
                "DependsOn": "Worker",
            },
        }
    }


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud.start() as cloud:
        client = cloud.session().client("cloudformation")
        client.create_stack(
            StackName="stack", TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        (stack,) = client.describe_stacks(StackName="stack")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", client.describe_stack_events(StackName="stack")
        yield cloud


@pytest.fixture
def developer(cloud: LocalCloud) -> Client:
    client: Client = cloud.session().client  # type: ignore[assignment]  # overloaded by literal names
    return client


@pytest.fixture
def worker(cloud: LocalCloud) -> Client:
    client: Any = boto3.Session("ASIA", "secret", RoleSession(ROLE, "test").token, REGION).client
    return lambda service: client(service, endpoint_url=cloud.endpoint_url)


def refusal(call: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def because(action: str, resource: str) -> str:
    reason = f"because no identity-based policy allows the {action} action"
    return f"User: {SESSION} is not authorized to perform: {action} on resource: {resource} {reason}"


def url(name: str) -> str:
    return f"http://localhost/{ACCOUNT}/{name}"


def test_a_role_sends_to_the_queue_that_its_policy_names(worker: Client) -> None:
    worker("sqs").send_message(QueueUrl=url("jobs"), MessageBody="x")
    refused = refusal(lambda: worker("sqs").send_message(QueueUrl=url("shut"), MessageBody="x"))
    assert refused == (403, "AccessDenied", because("sqs:sendmessage", SHUT))


@pytest.mark.parametrize(
    ("service", "call", "expected"),
    [
        (
            "dynamodb",
            lambda client: client.get_item(TableName="items", Key={"id": {"S": "mine"}}),
            (400, "AccessDeniedException", because("dynamodb:GetItem", TABLE)),
        ),
        (
            "sns",
            lambda client: client.publish(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:news", Message="x"),
            (403, "AuthorizationError", because("SNS:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:news")),
        ),
        (
            "lambda",
            lambda client: client.invoke(FunctionName="caller", Qualifier="live"),
            (403, "AccessDeniedException", because("lambda:InvokeFunction", f"{FUNCTION}:live")),
        ),
        (
            "stepfunctions",
            lambda client: client.start_execution(stateMachineArn=MACHINE),
            (400, "AccessDeniedException", because("states:StartExecution", MACHINE)),
        ),
        (
            "events",
            lambda client: client.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}]),
            (
                400,
                "AccessDeniedException",
                because("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"),
            ),
        ),
        (
            "s3",
            lambda client: client.put_object(Bucket="papers", Key="a/b c", Body=b"x"),
            (403, "AccessDenied", because("s3:PutObject", '"arn:aws:s3:::papers/a/b c"')),
        ),
        (
            "s3",
            lambda client: client.list_objects_v2(Bucket="papers"),
            (403, "AccessDenied", because("s3:ListBucket", '"arn:aws:s3:::papers"')),
        ),
        (
            "s3",
            lambda client: client.get_object(Bucket="papers", Key="a/missing"),
            (403, "AccessDenied", because("s3:ListBucket", '"arn:aws:s3:::papers"')),
        ),
        ("s3", lambda client: client.head_object(Bucket="papers", Key="b"), (403, "403", "Forbidden")),
        (
            "s3",
            lambda client: client.get_object(Bucket="papers", Key="no/key"),
            (
                403,
                "AccessDenied",
                f'User: {SESSION} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::papers/no/key" '
                "with an explicit deny in a resource-based policy",
            ),
        ),
        (
            "sts",
            lambda client: client.assume_role(
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/machine", RoleSessionName="session"
            ),
            (
                403,
                "AccessDenied",
                f"User: {SESSION} is not authorized to perform: sts:AssumeRole on resource: "
                f"arn:aws:iam::{ACCOUNT}:role/machine",
            ),
        ),
        (
            "athena",
            lambda client: client.list_work_groups(),
            (400, "AccessDeniedException", because("athena:ListWorkGroups", "*")),
        ),
    ],
)
def test_a_service_refuses_in_its_own_way(
    worker: Client, service: str, call: Callable[[Any], object], expected: tuple[int, str, str]
) -> None:
    assert refusal(lambda: call(worker(service))) == expected


def test_a_key_of_the_request_decides(worker: Client) -> None:
    worker("dynamodb").put_item(TableName="items", Item={"id": {"S": "mine"}})
    code = refusal(lambda: worker("dynamodb").put_item(TableName="items", Item={"id": {"S": "yours"}}))[1]
    assert code == "AccessDeniedException"
    assert worker("s3").list_objects_v2(Bucket="papers", Prefix="a/")["KeyCount"] >= 0


def test_of_many_objects_those_that_may_be_deleted_are(worker: Client, developer: Client) -> None:
    for key in ("a/1", "b/1&2"):
        developer("s3").put_object(Bucket="papers", Key=key, Body=b"x")
    objects = [{"Key": "a/1"}, {"Key": "b/1&2"}]
    answer = worker("s3").delete_objects(Bucket="papers", Delete={"Objects": objects})
    assert [one["Key"] for one in answer["Deleted"]] == ["a/1"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b/1&2", "AccessDenied")]
    assert developer("s3").list_objects_v2(Bucket="papers", Prefix="b/")["KeyCount"] == 1


def test_a_presigned_url_is_its_signers_call(worker: Client, developer: Client) -> None:
    developer("s3").put_object(Bucket="papers", Key="a/seen", Body=b"x")
    developer("s3").put_object(Bucket="papers", Key="b/unseen", Body=b"x")

    def signed(key: str) -> str:
        found: str = worker("s3").generate_presigned_url("get_object", {"Bucket": "papers", "Key": key})
        return found

    assert requests.get(signed("a/seen"), timeout=10).content == b"x"
    assert requests.get(signed("b/unseen"), timeout=10).status_code == 403


def test_a_function_calls_in_the_name_of_its_role(developer: Client) -> None:
    def call(**event: Any) -> Any:
        answer = developer("lambda").invoke(FunctionName="caller", Payload=json.dumps(event))
        return json.load(answer["Payload"])

    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/caller"
    assert call(service="sts", operation="get_caller_identity")["Arn"] == session
    sent = {"QueueUrl": url("jobs"), "MessageBody": "x"}
    assert "MessageId" in call(service="sqs", operation="send_message", parameters=sent)
    refused = call(service="sqs", operation="send_message", parameters={**sent, "QueueUrl": url("shut")})
    assert (refused["Code"], session in refused["Message"]) == ("AccessDenied", True)
    logs, until = developer("logs"), time.monotonic() + 30
    # Logs arrive a little later than answers.
    while not logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/caller")["logGroups"]:
        assert time.monotonic() < until, "a policy that AWS manages lets it write its log"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("call", "action", "resource", "error"),
    [
        ("invoke", "lambda:InvokeFunction", FUNCTION, "Lambda.AWSLambdaException"),
        ("function", "lambda:InvokeFunction", FUNCTION, "Lambda.AWSLambdaException"),
        ("put", "dynamodb:PutItem", TABLE, "DynamoDB.AmazonDynamoDBException"),
        ("send", "sqs:sendmessage", SHUT, "SQS.AmazonSQSException"),
        ("sdk", "dynamodb:Scan", TABLE, "DynamoDb.DynamoDbException"),
    ],
)
def test_a_task_calls_in_the_name_of_its_machines_role(
    developer: Client, call: str, action: str, resource: str, error: str
) -> None:
    client = developer("stepfunctions")
    arn = client.start_execution(stateMachineArn=MACHINE, input=json.dumps({"call": call}))["executionArn"]
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.01)
    assert (found["status"], found["error"]) == ("FAILED", error)
    assert "assumed-role/machine/" in found["cause"]
    assert (
        f"is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action ("
    ) in found["cause"]


def test_a_rule_delivers_where_it_is_named(developer: Client) -> None:
    entries = [{"Source": "test", "DetailType": name, "Detail": "{}"} for name in ("open", "closed")]
    developer("events").put_events(Entries=entries)
    sqs = developer("sqs")
    (letter,) = sqs.receive_message(QueueUrl=url("undelivered"), WaitTimeSeconds=10, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == SHUT
    bodies: list[str] = []
    while not any("detail-type" in body for body in bodies):
        bodies += [one["Body"] for one in sqs.receive_message(QueueUrl=url("jobs"), WaitTimeSeconds=1)["Messages"]]


def test_a_role_that_a_service_may_not_assume_is_refused(developer: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", CODE)
    settings = {"Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": buffer.getvalue()}}
    machine = f"arn:aws:iam::{ACCOUNT}:role/machine"
    refused = refusal(lambda: developer("lambda").create_function(FunctionName="f", Role=machine, **settings))
    assert refused == (
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    definition = json.dumps({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
    create = developer("stepfunctions").create_state_machine
    refused = refusal(lambda: create(name="m", definition=definition, roleArn=ROLE))
    assert refused[1] == "AccessDeniedException"
    assert refused[2].startswith("Neither the global service principal states.amazonaws.com")
    refused = refusal(
        lambda: create(
            name="m",
            definition=definition,
            roleArn=machine,
            loggingConfiguration={
                "level": "ALL",
                "destinations": [
                    {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"}}
                ],
            },
        )
    )
    assert refused[2] == "The state machine IAM Role is not authorized to access the Log Destination"
    refused = refusal(
        lambda: developer("lambda").create_event_source_mapping(FunctionName="caller", EventSourceArn=QUEUE)
    )
    assert refused[2] == "The provided execution role does not have permissions to call ReceiveMessage on SQS"


def test_an_audit_refuses_nothing_and_lists_all(cloud: LocalCloud, worker: Client) -> None:
    cloud.authority.mode = Mode.AUDIT
    try:
        worker("sqs").purge_queue(QueueUrl=url("shut"))
    finally:
        cloud.authority.mode = Mode.ENFORCE
    assert because("sqs:purgequeue", SHUT) in [refused.message for refused in cloud.authority.refusals]


def test_nothing_is_looked_at_when_it_is_off(cloud: LocalCloud, worker: Client) -> None:
    cloud.authority.mode = Mode.OFF
    try:
        worker("sqs").get_queue_attributes(QueueUrl=url("shut"))
    finally:
        cloud.authority.mode = Mode.ENFORCE
    assert not any("getqueueattributes" in refused.message for refused in cloud.authority.refusals)
