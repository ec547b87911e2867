"""The function that makes dead letters: who may invoke it, and what it may do."""

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import QueueKind, queue_name
from tests.unit.cdk.alarms import alarms_of
from tests.unit.cdk.assembly import Assembly, Resource

ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"


@pytest.fixture
def function(assembly: Assembly) -> Resource:
    return assembly.agents.one("AWS::Lambda::Function", FunctionName="stepweave-dead-letters")


def test_it_runs_its_own_bundle(function: Resource) -> None:
    assert function.properties["Handler"] == "stepweave.functions.dead_letters.handler.handler"
    assert set(function.properties["Environment"]["Variables"]) == {
        "STEPWEAVE_PAYLOAD_BUCKET",
        "STEPWEAVE_IDEMPOTENCY_TABLE",
        "STEPWEAVE_BREAKERS_TABLE",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
    }


def test_what_it_cannot_deal_with_waits_in_its_own_queue(assembly: Assembly, function: Resource) -> None:
    queue = assembly.agents.named(function.properties["DeadLetterConfig"]["TargetArn"])
    assert queue.properties["QueueName"] == "stepweave-dead-letters-invocations"


def test_alarms_are_about_what_it_could_not_deal_with(
    assembly: Assembly, other_choices: Assembly, function: Resource
) -> None:
    queue = assembly.agents.named(function.properties["DeadLetterConfig"]["TargetArn"])
    assert alarms_of(assembly.agents, queue) == assembly.agents.all("AWS::CloudWatch::Alarm")
    for alarm in other_choices.agents.all("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:on-call"]


def test_it_looks_up_executions_and_sends_letters_and_can_do_nothing_else(
    assembly: Assembly, function: Resource
) -> None:
    expected = {
        ("logs:CreateLogStream", "${SystemDeadLettersLogs.Arn}"),
        ("logs:PutLogEvents", "${SystemDeadLettersLogs.Arn}"),
        ("sqs:SendMessage", "${SystemDeadLetters.Arn}"),  # the CDK says it once
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
        ("s3:PutObject", "${Payloads.Arn}/dead-letters/*"),
        ("dynamodb:UpdateItem", "${Breakers.Arn}"),
    }
    expected |= {
        (f"dynamodb:{action}", "${Idempotency.Arn}") for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
    }
    for action in ("DescribeExecution", "GetExecutionHistory"):
        expected.add((f"states:{action}", ARN % ("states", "execution:stepweave-*:*")))
    for action in ("SendMessage", "GetQueueUrl"):
        expected.add((f"sqs:{action}", ARN % ("sqs", "stepweave-*-failures")))
    role = assembly.agents.named(function.properties["Role"])
    assert assembly.agents.permissions(role) == expected


def test_the_rules_of_our_stacks_may_invoke_it_and_nobody_else(assembly: Assembly, function: Resource) -> None:
    permission = assembly.agents.one("AWS::Lambda::Permission")
    assert permission.properties["FunctionName"] == {"Ref": function.id}
    assert permission.properties["Action"] == "lambda:InvokeFunction"
    assert permission.properties["Principal"] == "events.amazonaws.com"
    assert permission.properties["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission.text(permission.properties["SourceArn"]) == ARN % ("events", "rule/Stepweave*")


def test_a_queue_name_that_sqs_does_not_take_is_refused() -> None:
    longest = "x" * (80 - len("-failures"))
    assert len(queue_name(longest, QueueKind.FAILURES)) == 80
    with pytest.raises(SynthesisError, match="SQS takes 80 characters; shorten the name by 1"):
        queue_name(longest + "x", QueueKind.FAILURES)
