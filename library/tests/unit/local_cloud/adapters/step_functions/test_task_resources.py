import pytest

from stepweave.local_cloud.adapters.step_functions.definition_problems import problems
from stepweave.local_cloud.adapters.step_functions.task_resources import is_known, unknown_fields

OF_AWS = [
    "lambda:invoke",
    "lambda:invoke.waitForTaskToken",
    "sqs:sendMessage.waitForTaskToken",
    "sns:publish",
    "events:putEvents",
    "dynamodb:updateItem",
    "states:startExecution",
    "states:startExecution.sync",
    "states:startExecution.sync:2",
    "http:invoke",
    "apigateway:invoke",
    "ecs:runTask.sync",
    "glue:startJobRun.sync",
    "athena:startQueryExecution.sync",
    "sagemaker:createTrainingJob.sync",
    "elasticmapreduce:createCluster.sync",
    "emr-serverless:startJobRun.sync",
    "aws-sdk:sfn:startExecution",
    "aws-sdk:dynamodb:updateItem.waitForTaskToken",
    "aws-sdk:rds:describeDBInstances",
    "aws-sdk:rekognition:detectModerationLabels",
    "aws-sdk:cloudwatchlogs:putLogEvents",
]
OF_NOBODY = [
    "dynamodb:query",
    "dynamodb:getItem.waitForTaskToken",
    "lambda:invoke.sync",
    "lambda:Invoke",
    "sqs:sendMessage.sync:2",
    "sqs:receiveMessage",
    "teleport:send",
    "aws-sdk:s4:putObject",
    "aws-sdk:s3:putNothing",
    "aws-sdk:s3:PutObject",
    "aws-sdk:sfn:startExecution.sync",
    "aws-sdk:s3",
    "lambda",
]


@pytest.mark.parametrize("name", OF_AWS)
def test_what_aws_has_is_known(name: str) -> None:
    assert is_known(f"arn:aws:states:::{name}")


@pytest.mark.parametrize("name", OF_NOBODY)
def test_what_aws_has_not_is_refused_with_the_definition(name: str) -> None:
    resource = f"arn:aws:states:::{name}"
    definition = {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": resource, "End": True}}}
    assert [str(problem) for problem in problems(definition)] == [
        f"SCHEMA_VALIDATION_FAILED: The resource provided {resource} is not recognized. The value is not a valid "
        "resource ARN, or the resource is not available in this region. at /States/Do/Resource"
    ]


def test_functions_and_activities_are_no_integrations() -> None:
    assert is_known("arn:aws:lambda:us-east-1:123456789012:function:greet:live")
    assert is_known("arn:aws:states:us-east-1:123456789012:activity:approve")


def test_parameters_that_an_action_has_not_are_named() -> None:
    send = "arn:aws:states:::sqs:sendMessage"
    assert list(unknown_fields(send, {"QueueUrl.$": "$.q", "MessageBody": "m", "Queue": "q"})) == ["Queue"]
    rds = "arn:aws:states:::aws-sdk:rds:describeDBInstances"
    assert list(unknown_fields(rds, {"DbInstanceIdentifier": "d"})) == []
    assert list(unknown_fields("arn:aws:states:::http:invoke", {"Whatever": 1})) == []
