"""Which actions on which resources a call needs."""

# ruff: noqa: E501 - tables

from collections.abc import Mapping
from typing import Any

import pytest

from stepweave.local_cloud.permissions.actions.catalog import accesses
from stepweave.local_cloud.permissions.actions.table import Access, Call

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:s-AbCdEf"


class Stored:
    """What the services know, in these tests."""

    def __init__(self, encrypted: frozenset[str] = frozenset()) -> None:
        self._encrypted = encrypted

    def key_arn(self, name: str) -> str | None:
        return KEY if name in {"k", "alias/mine", KEY} else None

    def key_of_ciphertext(self, ciphertext: str) -> str | None:
        return KEY if ciphertext else None

    def secret_arn(self, name: str) -> str | None:
        return SECRET if name in {"s", SECRET} else None

    def machine_of_token(self, token: str) -> str | None:
        return MACHINE if token == "known" else None

    def table_key(self, arn: str) -> str | None:
        return "other" if "/index/" in arn else "id"

    def encryption_key(self, arn: str) -> str | None:
        return KEY if arn in self._encrypted else None

    def is_tagged(self, arn: str) -> bool:
        return arn.endswith("tagged")


def found(service: str, operation: str, *encrypted: str, **parameters: Any) -> list[Access]:
    return accesses(Call(service, operation, parameters, Stored(frozenset(encrypted))))


def arn(rest: str) -> str:
    service, _, name = rest.partition(":")
    return f"arn:aws:s3:::{name}" if service == "s3" else f"arn:aws:{service}:us-east-1:{ACCOUNT}:{name}"


TOKEN = {"taskToken": "known"}
COPY = {"Bucket": "b", "Key": "k", "CopySource": "from/a%20b"}
TRANSACTION = [
    {"Put": {"TableName": "t", "Item": {"id": {"S": "1"}}}},
    {"ConditionCheck": {"TableName": "u", "Key": {"id": {"S": "2"}}}},
]


@pytest.mark.parametrize(
    ("call", "parameters", "needed"),
    [
        ("lambda Invoke", {"FunctionName": "f"}, ["InvokeFunction function:f"]),
        ("lambda Invoke", {"FunctionName": "f", "Qualifier": "live"}, ["InvokeFunction function:f:live"]),
        ("lambda Invoke", {"FunctionName": arn("lambda:function:f:1")}, ["InvokeFunction function:f:1"]),
        ("lambda Invoke", {"FunctionName": f"{ACCOUNT}:function:f"}, ["InvokeFunction function:f"]),
        ("lambda GetFunctionConfiguration", {"FunctionName": "f"}, ["GetFunctionConfiguration function:f"]),
        ("lambda PublishVersion", {"FunctionName": "f"}, ["PublishVersion function:f"]),
        ("lambda ListFunctions", {}, ["ListFunctions *"]),
        ("lambda DeleteEventSourceMapping", {"UUID": "u"}, ["DeleteEventSourceMapping event-source-mapping:u"]),
        ("stepfunctions StartExecution", {"stateMachineArn": f"{MACHINE}:live"}, ["StartExecution stateMachine:m"]),
        ("stepfunctions DescribeExecution", {"executionArn": arn("states:execution:m:e")}, ["DescribeExecution execution:m:e"]),
        ("stepfunctions SendTaskSuccess", TOKEN, ["SendTaskSuccess stateMachine:m"]),
        ("stepfunctions SendTaskFailure", {"taskToken": "unknown"}, []),
        ("stepfunctions ListStateMachines", {}, ["ListStateMachines *"]),
        ("stepfunctions CreateStateMachine", {"name": "n"}, ["CreateStateMachine stateMachine:n"]),
        ("sqs SendMessageBatch", {"QueueUrl": f"http://localhost:1/{ACCOUNT}/q"}, ["SendMessage q"]),
        ("sqs DeleteMessageBatch", {"QueueUrl": f"http://localhost:1/{ACCOUNT}/q"}, ["DeleteMessage q"]),
        ("sqs GetQueueUrl", {"QueueName": "q"}, ["GetQueueUrl q"]),
        ("sqs ListQueues", {}, ["ListQueues *"]),
        (
            "sqs StartMessageMoveTask",
            {"SourceArn": arn("sqs:d")},
            ["StartMessageMoveTask d", "ReceiveMessage d", "DeleteMessage d", "GetQueueAttributes d"],
        ),
        ("sns Publish", {"TopicArn": arn("sns:t")}, ["Publish t"]),
        ("sns PublishBatch", {"TopicArn": arn("sns:t")}, ["Publish t"]),
        ("sns Unsubscribe", {"SubscriptionArn": arn("sns:t:1")}, ["Unsubscribe t"]),
        ("events PutEvents", {"Entries": [{"EventBusName": "b"}, {}]}, ["PutEvents event-bus/b", "PutEvents event-bus/default"]),
        ("events PutRule", {"Name": "r", "EventBusName": "b"}, ["PutRule rule/b/r"]),
        ("events PutTargets", {"Rule": "r"}, ["PutTargets rule/r"]),
        ("events DescribeEventBus", {"Name": "b"}, ["DescribeEventBus event-bus/b"]),
        ("dynamodb PutItem", {"TableName": "t", "Item": {}}, ["PutItem table/t"]),
        ("dynamodb Query", {"TableName": "t", "IndexName": "i"}, ["Query table/t/index/i"]),
        ("dynamodb Scan", {"TableName": arn("dynamodb:table/t")}, ["Scan table/t"]),
        ("dynamodb BatchGetItem", {"RequestItems": {"t": {}, "u": {}}}, ["BatchGetItem table/t", "BatchGetItem table/u"]),
        ("dynamodb BatchWriteItem", {"RequestItems": {"t": []}}, ["BatchWriteItem table/t"]),
        ("dynamodb TransactWriteItems", {"TransactItems": TRANSACTION}, ["PutItem table/t", "ConditionCheckItem table/u"]),
        ("dynamodb TransactGetItems", {"TransactItems": [{"Get": {"TableName": "t", "Key": {}}}]}, ["GetItem table/t"]),
        ("dynamodb ExecuteStatement", {"Statement": 'SELECT * FROM "t"."i" WHERE id = 1'}, ["PartiQLSelect table/t/index/i"]),
        ("dynamodb ExecuteStatement", {"Statement": "insert into t value {'id': 1}"}, ["PartiQLInsert table/t"]),
        ("dynamodb ExecuteStatement", {"Statement": "UPDATE t SET a = 1 WHERE id = 1"}, ["PartiQLUpdate table/t"]),
        (
            "dynamodb ExecuteTransaction",
            {"TransactStatements": [{"Statement": "DELETE FROM t WHERE id = 1"}, {"Statement": "EXISTS(SELECT * FROM u)"}]},
            ["PartiQLDelete table/t", "PartiQLSelect table/u"],
        ),
        ("dynamodb ListTables", {}, ["ListTables *"]),
        ("kms Decrypt", {"CiphertextBlob": "x"}, ["Decrypt key/k"]),
        ("kms GenerateDataKey", {"KeyId": "alias/mine"}, ["GenerateDataKey key/k"]),
        ("kms ReEncrypt", {"CiphertextBlob": "x", "DestinationKeyId": "k"}, ["ReEncryptFrom key/k", "ReEncryptTo key/k"]),
        ("secretsmanager GetSecretValue", {"SecretId": "s"}, ["GetSecretValue secret:s-AbCdEf"]),
        ("secretsmanager GetSecretValue", {"SecretId": "none"}, ["GetSecretValue secret:none"]),
        ("ssm GetParameter", {"Name": "/a/b"}, ["GetParameter parameter/a/b"]),
        ("ssm GetParameters", {"Names": ["a", "b:2"]}, ["GetParameters parameter/a", "GetParameters parameter/b"]),
        ("ssm GetParametersByPath", {"Path": "/a"}, ["GetParametersByPath parameter/a"]),
        ("logs CreateLogGroup", {"logGroupName": "g"}, ["CreateLogGroup log-group:g:log-stream:"]),
        ("logs PutLogEvents", {"logGroupName": "g", "logStreamName": "s"}, ["PutLogEvents log-group:g:log-stream:s"]),
        ("logs StartQuery", {"logGroupNames": ["g", "h"]}, ["StartQuery log-group:g:log-stream:", "StartQuery log-group:h:log-stream:"]),
        ("cloudwatch PutMetricData", {"Namespace": "n"}, ["PutMetricData *"]),
        ("xray PutTraceSegments", {}, ["PutTraceSegments *"]),
        ("scheduler CreateSchedule", {"Name": "n", "Target": {}}, ["CreateSchedule schedule/default/n"]),
        ("sts GetCallerIdentity", {}, []),
    ],
)  # fmt: skip
def test_a_call_needs_actions_on_resources(call: str, parameters: Mapping[str, Any], needed: list[str]) -> None:
    service, operation = call.split()
    prefix = {"stepfunctions": "states"}.get(service, service)

    def spelt(one: str) -> tuple[str, str]:
        action, resource = one.split(" ", 1)
        return f"{prefix}:{action}", resource if resource == "*" else arn(f"{prefix}:{resource}")

    assert [(one.action, one.resource) for one in found(service, operation, **parameters)] == list(map(spelt, needed))


@pytest.mark.parametrize(
    ("operation", "parameters", "needed"),
    [
        ("HeadObject", {}, ["GetObject b/k"]),
        ("GetObject", {"VersionId": "1"}, ["GetObjectVersion b/k"]),
        ("GetObjectAcl", {"VersionId": "1"}, ["GetObjectVersionAcl b/k"]),
        ("PutObjectTagging", {"VersionId": "1"}, ["PutObjectVersionTagging b/k"]),
        ("PutObject", {"Tagging": "a=b", "ACL": "private"}, ["PutObject b/k", "PutObjectTagging b/k", "PutObjectAcl b/k"]),
        ("UploadPart", {}, ["PutObject b/k"]),
        ("ListParts", {}, ["ListMultipartUploadParts b/k"]),
        ("CopyObject", COPY, ["GetObject from/a b", "PutObject b/k"]),
        ("CopyObject", {**COPY, "CopySource": "/from/tagged"}, ["GetObject from/tagged", "GetObjectTagging from/tagged", "PutObjectTagging b/k", "PutObject b/k"]),
        ("UploadPartCopy", {**COPY, "CopySource": "from/a?versionId=1"}, ["GetObjectVersion from/a", "PutObject b/k"]),
        ("DeleteObjects", {"Delete": {"Objects": [{"Key": "x"}, {"Key": "y", "VersionId": "1"}]}}, ["DeleteObject b/x", "DeleteObjectVersion b/y"]),
        ("GetObjectAttributes", {}, ["GetObject b/k", "GetObjectAttributes b/k"]),
        ("HeadBucket", {}, ["ListBucket b"]),
        ("ListObjectVersions", {}, ["ListBucketVersions b"]),
        ("PutBucketLifecycleConfiguration", {}, ["PutLifecycleConfiguration b"]),
        ("DeleteBucketEncryption", {}, ["PutEncryptionConfiguration b"]),
        ("GetBucketPolicy", {}, ["GetBucketPolicy b"]),
        ("ListBuckets", {}, ["ListAllMyBuckets *"]),
    ],
)  # fmt: skip
def test_a_call_of_s3_needs_actions(operation: str, parameters: Mapping[str, Any], needed: list[str]) -> None:
    called = found("s3", operation, **{"Bucket": "b", "Key": "k", **parameters})
    expected = [one.split(" ", 1) for one in needed]
    assert [(one.action, one.resource) for one in called] == [
        (f"s3:{action}", resource if resource == "*" else arn(f"s3:{resource}")) for action, resource in expected
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "encrypted", "actions"),
    [
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "s3:b/k", ["Decrypt"]),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, "s3:b", ["GenerateDataKey"]),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ServerSideEncryption": "AES256"}, "s3:b", []),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "alias/mine"}, "s3:c", ["GenerateDataKey"]),
        ("s3", "UploadPart", {"Bucket": "b", "Key": "k"}, "s3:b", ["GenerateDataKey", "Decrypt"]),
        ("sqs", "SendMessage", {"QueueUrl": f"h/{ACCOUNT}/q"}, "sqs:q", ["GenerateDataKey", "Decrypt"]),
        ("sqs", "ReceiveMessage", {"QueueUrl": f"h/{ACCOUNT}/q"}, "sqs:q", ["Decrypt"]),
        ("sns", "Publish", {"TopicArn": arn("sns:t")}, "sns:t", ["GenerateDataKey", "Decrypt"]),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}, "dynamodb:table/t", ["Decrypt"]),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, "dynamodb:table/t", ["Decrypt"]),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, "secretsmanager:secret:s-AbCdEf", ["Decrypt"]),
        ("ssm", "GetParameter", {"Name": "p", "WithDecryption": True}, "ssm:parameter/p", ["Decrypt"]),
        ("ssm", "GetParameter", {"Name": "p"}, "ssm:parameter/p", []),
    ],
)
def test_what_a_customers_key_encrypts_needs_the_key(
    service: str, operation: str, parameters: Mapping[str, Any], encrypted: str, actions: list[str]
) -> None:
    used = [one for one in found(service, operation, arn(encrypted), **parameters) if one.action.startswith("kms:")]
    assert [(one.action, one.resource) for one in used] == [(f"kms:{action}", KEY) for action in actions]
    assert all(one.keys["kms:viaservice"] == (f"{service}.us-east-1.amazonaws.com",) for one in used)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "keys"),
    [
        ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "a/"}, {"s3:prefix": ("a/",)}),
        ("s3", "ListObjects", {"Bucket": "b"}, {"s3:prefix": ("",)}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"id": {"S": "x"}, "a": {"N": "1"}}}, {"dynamodb:leadingkeys": ("x",)}),
        (
            "dynamodb",
            "Query",
            {
                "TableName": "t",
                "KeyConditionExpression": "#i = :v AND s > :w",
                "ExpressionAttributeNames": {"#i": "id"},
                "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"N": "1"}},
            },
            {"dynamodb:leadingkeys": ("x",)},
        ),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": [{"id": {"S": "x"}}, {"id": {"S": "y"}}]}}}, {"dynamodb:leadingkeys": ("x", "y")}),
        ("dynamodb", "TransactWriteItems", {"TransactItems": TRANSACTION[:1]}, {"dynamodb:enclosingoperation": ("TransactWriteItems",)}),
        ("dynamodb", "ExecuteStatement", {"Statement": "SELECT * FROM t"}, {"dynamodb:fulltablescan": ("true",)}),
        ("stepfunctions", "StartExecution", {"stateMachineArn": f"{MACHINE}:live"}, {"states:statemachinequalifier": ("live",)}),
        ("events", "PutEvents", {"Entries": [{"Source": "s", "DetailType": "d"}]}, {"events:source": ("s",), "events:detail-type": ("d",)}),
        ("lambda", "CreateEventSourceMapping", {"FunctionName": "f"}, {"lambda:functionarn": (arn("lambda:function:f"),)}),
        ("kms", "Encrypt", {"KeyId": "alias/mine", "EncryptionContext": {"Team": "a"}}, {"kms:encryptioncontext:team": ("a",), "kms:requestalias": ("alias/mine",)}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, {"secretsmanager:secretid": (SECRET,)}),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, {"cloudwatch:namespace": ("n",)}),
    ],
)  # fmt: skip
def test_a_call_has_the_keys_of_its_service(
    service: str, operation: str, parameters: Mapping[str, Any], keys: dict[str, tuple[str, ...]]
) -> None:
    access = found(service, operation, **parameters)[0]
    assert {name: access.keys.get(name) for name in keys} == keys


def test_of_a_service_that_is_not_described_the_action_is_known() -> None:
    assert found("glue", "StartJobRun", JobName="j") == [Access("glue:StartJobRun", None)]
