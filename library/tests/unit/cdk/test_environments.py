"""What is chosen about a deployment is so in its templates; two deployments have nothing in common."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from stepweave.cdk.naming import Names
from stepweave.compiler.compile import CompiledWorkflow
from tests.unit.cdk.assembly import Assembly, Resource, Synthesize

KEY = "arn:aws:kms:eu-west-1:123456789012:key/12345678-9abc-def0-1234-56789abcdef0"
CLAIMS: dict[str, object] = {"namespace": "claims"}
NAMED = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
UNTAGGED = {
    "AWS::Events::Rule",  # the CDK gives it none at this level of construct
    "AWS::IAM::Policy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
}


@pytest.fixture(scope="module")
def staging(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    return synthesize(compiled, of=CLAIMS, environment="staging")


@pytest.fixture(scope="module")
def production(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    return synthesize(compiled, of=CLAIMS, environment="production")


@pytest.fixture(scope="module")
def chosen(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    return synthesize(
        compiled, kms_key_arn=KEY, log_retention_days="365", removal_policy="retain", tags='{"team": "claims"}'
    )


def resources(assembly: Assembly, kind: str | None = None) -> Iterator[Resource]:
    for template in assembly.templates:
        yield from template.all(kind)


def given_names(assembly: Assembly) -> set[str]:
    return {
        resource.properties[NAMED[resource.type]]
        for resource in resources(assembly)
        if NAMED.get(resource.type) in resource.properties
    }


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def test_two_environments_have_no_name_in_common(staging: Assembly, production: Assembly) -> None:
    assert given_names(staging)
    assert given_names(staging).isdisjoint(given_names(production))
    assert len(given_names(staging)) == len(given_names(production))
    for name in given_names(staging):
        assert "claims-staging" in name
    exports = [set(assembly.storage.exports) for assembly in (staging, production)]
    assert exports[0].isdisjoint(exports[1])


def test_no_template_of_one_speaks_of_the_other_or_of_the_default_one(staging: Assembly) -> None:
    """Whatever an ARN, a pattern, a policy or a variable names, it is of this environment."""
    for template in staging.templates:
        for text in texts(template.body):
            assert "production" not in text
            assert not re.search(r"(?<![\w.])stepweave-", text), text
            assert not re.search(r"(?<![\w])claims-(?!staging)", text), text
            assert not re.search(r"Stepweave(Storage|Agents|Workflows|Dag)|Claims(?!-?staging|/staging)", text), text


def test_the_two_are_made_alike(staging: Assembly, production: Assembly) -> None:
    for one, other in zip(staging.templates, production.templates, strict=True):
        assert [resource.type for resource in one.all()] == [resource.type for resource in other.all()]


def test_every_resource_says_whose_it_is(chosen: Assembly, staging: Assembly) -> None:
    for resource in resources(chosen):
        if resource.type not in UNTAGGED:
            tags = {"project": "stepweave", "environment": "default", "team": "claims"}
            assert resource.tags == tags, resource.type
    assert staging.storage.one("AWS::Events::EventBus").tags == {"project": "claims", "environment": "staging"}


def test_all_that_holds_data_is_encrypted_by_the_key(chosen: Assembly) -> None:
    buckets = {
        resource.id: resource.properties["BucketEncryption"] for resource in resources(chosen, "AWS::S3::Bucket")
    }
    for name, encryption in buckets.items():
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        by = rule["ServerSideEncryptionByDefault"]
        assert by == (
            {"SSEAlgorithm": "AES256"}
            if name.startswith("AccessLogs")
            else {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        )
    for table in resources(chosen, "AWS::DynamoDB::Table"):
        assert table.properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    for queue in resources(chosen, "AWS::SQS::Queue"):
        assert queue.properties["KmsMasterKeyId"] == KEY
        assert "SqsManagedSseEnabled" not in queue.properties
    for log in resources(chosen, "AWS::Logs::LogGroup"):
        assert log.properties["KmsKeyId"] == KEY


def test_who_reads_and_writes_data_may_use_the_key_and_nobody_may_do_everything_with_it(
    chosen: Assembly, assembly: Assembly
) -> None:
    for template in chosen.templates:
        for role in template.all("AWS::IAM::Role"):
            uses = {action for action, resource in template.permissions(role) if resource == KEY}
            assert {"kms:Decrypt", "kms:GenerateDataKey"} <= uses
            assert not [action for action in uses if "*" in action]
    for template in assembly.templates:
        assert "kms:" not in json.dumps(template.body)


def test_logs_are_kept_for_as_long_as_one_chooses(chosen: Assembly, assembly: Assembly) -> None:
    assert {log.properties["RetentionInDays"] for log in resources(chosen, "AWS::Logs::LogGroup")} == {365}
    assert {log.properties["RetentionInDays"] for log in resources(assembly, "AWS::Logs::LogGroup")} == {30, 90}


def test_data_stays_if_one_says_so(chosen: Assembly) -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Logs::LogGroup"):
        for resource in resources(chosen, kind):
            assert resource.body["DeletionPolicy"] == "Retain", resource.id


def test_a_namespace_and_an_environment_that_are_too_long_are_refused_at_synth(
    synthesize: Synthesize, compiled: list[CompiledWorkflow]
) -> None:
    with pytest.raises(Exception, match="have 23 characters together"):
        synthesize(compiled, of={"namespace": "insurance"}, environment="verylongstagin")
    assert synthesize(compiled[:1], of={"namespace": "insurance"}, environment="verylongstagi")
    assert Names("insurance", "verylongstagi").prefix == "insurance-verylongstagi"
