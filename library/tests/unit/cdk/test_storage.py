"""The buckets, the tables and the event bus."""

import re

import pytest

from stepweave.cdk.payload_access import DEAD_LETTER_INPUTS
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.contract import breaker, gate
from stepweave.contract.stored import RESULTS
from tests.unit.cdk.assembly import Assembly, Resource, Synthesize

DAYS_TO_REDRIVE = 14


@pytest.fixture(params=["Payloads", "AccessLogs"])
def bucket(request: pytest.FixtureRequest, assembly: Assembly) -> Resource:
    return next(b for b in assembly.storage.all("AWS::S3::Bucket") if b.id.startswith(request.param))


@pytest.fixture
def payloads(assembly: Assembly) -> Resource:
    return assembly.storage.named(assembly.storage.body["Outputs"]["PayloadBucketName"]["Value"])


@pytest.fixture(params=["Idempotency", "Gates", "Breakers"])
def table(request: pytest.FixtureRequest, assembly: Assembly) -> Resource:
    return next(t for t in assembly.storage.all("AWS::DynamoDB::Table") if t.id.startswith(request.param))


def test_a_bucket_is_encrypted_private_and_refuses_plain_http(assembly: Assembly, bucket: Resource) -> None:
    rules = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rules == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket.properties["PublicAccessBlockConfiguration"]) == 4
    assert bucket.properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert assembly.storage.refuses_plain_http("AWS::S3::BucketPolicy", bucket)


def test_a_bucket_stays_when_its_stack_goes(bucket: Resource) -> None:
    assert bucket.body["DeletionPolicy"] == "RetainExceptOnCreate"
    assert bucket.body["UpdateReplacePolicy"] == "Retain"


def test_a_bucket_goes_with_its_stack_if_one_says_so(other_choices: Assembly) -> None:
    for bucket in other_choices.storage.all("AWS::S3::Bucket"):
        assert bucket.body["DeletionPolicy"] == "Delete"


def test_all_that_is_put_into_the_payload_bucket_expires_and_not_before_it_can_be_redriven(payloads: Resource) -> None:
    kept = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in payloads.properties["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule and rule["Status"] == "Enabled"
    }
    assert set(kept) == {"texts/", RESULTS, "counts/", DEAD_LETTER_INPUTS}
    assert min(kept.values()) > DAYS_TO_REDRIVE


def test_access_to_payloads_is_logged_where_the_log_may_be_written(assembly: Assembly, payloads: Resource) -> None:
    logs = assembly.storage.named(payloads.properties["LoggingConfiguration"]["DestinationBucketName"])
    policy = assembly.storage.one("AWS::S3::BucketPolicy", Bucket={"Ref": logs.id})
    allowed = [s for s in policy.properties["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "logging.s3.amazonaws.com"}]
    assert allowed[0]["Action"] == "s3:PutObject"
    assert logs.text(allowed[0]["Condition"]["ArnLike"]["aws:SourceArn"]) == "${Payloads.Arn}"
    assert logs.properties["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 90


KEY_AND_EXPIRY = {
    "Idempotency": ("id", "expiration"),
    "Gates": (gate.ITEM_KEY, gate.EXPIRES),
    "Breakers": (breaker.ITEM_KEY, None),
}


def test_a_table_has_the_key_and_expiry_that_the_runtime_writes(table: Resource) -> None:
    key, expires = KEY_AND_EXPIRY[re.sub(r"[0-9A-F]{8}$", "", table.id)]
    assert table.properties["KeySchema"] == [{"AttributeName": key, "KeyType": "HASH"}]
    assert table.properties["AttributeDefinitions"] == [{"AttributeName": key, "AttributeType": "S"}]
    expected = None if expires is None else {"AttributeName": expires, "Enabled": True}
    assert table.properties.get("TimeToLiveSpecification") == expected


def test_a_table_is_encrypted_recoverable_and_paid_by_request(table: Resource) -> None:
    assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
    assert table.properties["SSESpecification"] == {"SSEEnabled": True}
    assert table.properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_a_table_goes_with_its_stack(table: Resource) -> None:
    assert table.body["DeletionPolicy"] == "Delete"


def test_what_is_exported_does_not_depend_on_the_workflows(
    synthesize: Synthesize, compiled: list[CompiledWorkflow], assembly: Assembly
) -> None:
    for workflow in compiled:
        assert synthesize([workflow]).storage.body["Outputs"] == assembly.storage.body["Outputs"]


def test_what_breakers_tell_on_the_bus_is_logged(assembly: Assembly) -> None:
    bus = assembly.storage.one("AWS::Events::EventBus")
    assert bus.properties["Name"] == "stepweave"
    rule = assembly.storage.one("AWS::Events::Rule")
    assert rule.properties["EventBusName"] == {"Ref": bus.id}
    assert rule.properties["EventPattern"] == {"source": ["stepweave.breaker"]}
    (target,) = rule.properties["Targets"]
    group = assembly.storage.one("AWS::Logs::LogGroup")
    name = group.properties["LogGroupName"]
    assert name.startswith("/aws/events/"), "EventBridge writes to no other"
    assert rule.text(target["Arn"]).endswith(f":log-group:{name}")


def test_the_bus_may_write_into_the_log_whichever_call_it_makes(assembly: Assembly) -> None:
    group = assembly.storage.one("AWS::Logs::LogGroup")
    allowed = {}
    for statement in group.properties["ResourcePolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Principal"] == {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
        assert group.text(statement["Resource"]).endswith(f":log-group:{group.properties['LogGroupName']}:*")
        allowed[statement["Action"]] = statement.get("Condition")
    assert set(allowed) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert allowed["logs:CreateLogStream"] is None, "it has no source, so that a condition on that never holds"
    source = allowed["logs:PutLogEvents"]["ArnLike"]["aws:SourceArn"]
    assert group.text(source).endswith(":rule/${EventBus}/*")


def test_no_policy_of_the_account_is_used_up(assembly: Assembly) -> None:
    """There are ten in a region; a log group has one of its own."""
    for template in assembly.templates:
        assert template.all("AWS::Logs::ResourcePolicy") == []


def test_what_breakers_tell_waits_in_a_queue_if_it_cannot_be_logged(assembly: Assembly) -> None:
    rule = assembly.storage.one("AWS::Events::Rule")
    (target,) = rule.properties["Targets"]
    queue = assembly.storage.named(target["DeadLetterConfig"]["Arn"])
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}
    assert queue.properties == {"MessageRetentionPeriod": 14 * 24 * 3600, "SqsManagedSseEnabled": True}
    assert assembly.storage.refuses_plain_http("AWS::SQS::QueuePolicy", queue)
    policy = assembly.storage.one("AWS::SQS::QueuePolicy", Queues=[{"Ref": queue.id}])
    (allowed,) = [s for s in policy.properties["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule.id, "Arn"]}}}
    dimension = [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue.id, "QueueName"]}}]
    assert assembly.storage.one("AWS::CloudWatch::Alarm", Dimensions=dimension, MetricName="NumberOfMessagesSent")


def test_the_command_finds_the_breakers_by_an_output(assembly: Assembly) -> None:
    value = assembly.storage.body["Outputs"]["BreakersTableName"]["Value"]
    assert assembly.storage.text(value) == "${Breakers}"
