"""The names and causes of errors; those that were recorded on AWS stand as they were."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.service_errors import name_and_cause


def answered(code: str, message: str, status: int = 400, operation: str = "Any", **metadata: str) -> ClientError:
    about = {"HTTPStatusCode": status, "RequestId": "r", **metadata}
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}
    return ClientError(answer, operation)


@pytest.mark.parametrize(
    ("service", "error", "name", "label"),
    [
        ("dynamodb", "ResourceNotFoundException", "DynamoDB.ResourceNotFoundException", "AmazonDynamoDBv2"),
        ("dynamodb", "ValidationException", "DynamoDB.AmazonDynamoDBException", "AmazonDynamoDBv2"),
        ("lambda", "TooManyRequestsException", "Lambda.TooManyRequestsException", "AWSLambda"),
        ("lambda", "AccessDeniedException", "Lambda.AWSLambdaException", "AWSLambda"),
        ("sns", "NotFound", "SNS.NotFoundException", "AmazonSNS"),
        ("sns", "InvalidParameter", "SNS.InvalidParameterException", "AmazonSNS"),
        ("sns", "Throttled", "SNS.ThrottledException", "AmazonSNS"),
        ("sqs", "MissingParameter", "SQS.AmazonSQSException", "AmazonSQS"),
        ("stepfunctions", "InvalidName", "StepFunctions.InvalidNameException", "AWSStepFunctions"),
        ("stepfunctions", "AccessDeniedException", "StepFunctions.AWSStepFunctionsException", "AWSStepFunctions"),
    ],
)
def test_errors_of_optimised_integrations(service: str, error: str, name: str, label: str) -> None:
    cause = f"Why (Service: {label}; Status Code: 400; Error Code: {error}; Request ID: r; Proxy: null)"
    assert name_and_cause(answered(error, "Why"), service, is_optimised=True) == (name, cause)


@pytest.mark.parametrize(
    ("service", "error", "name", "label"),
    [
        ("dynamodb", "ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException", "DynamoDb"),
        ("dynamodb", "ValidationException", "DynamoDb.DynamoDbException", "DynamoDb"),
        ("secretsmanager", "ValidationException", "SecretsManager.SecretsManagerException", "SecretsManager"),
        ("stepfunctions", "InvalidToken", "Sfn.InvalidTokenException", "Sfn"),
        ("rekognition", "NotImplemented", "Rekognition.RekognitionException", "Rekognition"),
        ("ec2", "InvalidInstanceID.NotFound", "Ec2.Ec2Exception", "Ec2"),
    ],
)
def test_errors_of_sdk_integrations(service: str, error: str, name: str, label: str) -> None:
    cause = f"Why (Service: {label}, Status Code: 400, Request ID: r) (SDK Attempt Count: 1)"
    assert name_and_cause(answered(error, "Why"), service, is_optimised=False) == (name, cause)


def test_s3_tells_two_ids() -> None:
    missing = answered("NoSuchKey", "The specified key does not exist.", 404, HostId="h")
    assert name_and_cause(missing, "s3", is_optimised=False) == (
        "S3.NoSuchKeyException",
        "The specified key does not exist. (Service: S3, Status Code: 404, Request ID: r, Extended Request ID: h) "
        "(SDK Attempt Count: 1)",
    )
    name, cause = name_and_cause(answered("404", "Not Found", 404, "HeadObject"), "s3", is_optimised=False)
    assert (name, cause.partition(" ")[0]) == ("S3.NoSuchKeyException", "null")


def test_an_answer_without_an_id_gets_one() -> None:
    bare = ClientError({"Error": {"Code": "500", "Message": "It broke"}}, "Any")
    name, cause = name_and_cause(bare, "textract", is_optimised=False)
    assert name == "Textract.TextractException"
    assert re.fullmatch(r"It broke \(Service: Textract, Status Code: 500, Request ID: [0-9a-f-]{36}\) .*", cause)
