"""Requests as botocore makes them, and the errors that it reads."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.api_call import ApiCall

CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}, "json"),
    ("dynamodbstreams", "ListStreams", {}, "json"),
    ("stepfunctions", "StartExecution", {"stateMachineArn": "m"}, "json"),
    ("cloudwatch", "ListMetrics", {}, "json"),
    ("lambda", "Invoke", {"FunctionName": "f"}, "rest-json"),
    ("lambda", "InvokeWithResponseStream", {"FunctionName": "f"}, "rest-json"),
    ("scheduler", "GetSchedule", {"Name": "s"}, "rest-json"),
    ("bedrock-runtime", "InvokeModel", {"modelId": "m", "body": b"{}"}, "rest-json"),
    ("sns", "Publish", {"Message": "m"}, "query"),
    ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}, "query"),
    ("elbv2", "DescribeLoadBalancers", {}, "query"),
    ("ec2", "DescribeInstances", {}, "ec2"),
    ("s3", "PutBucketAcl", {"Bucket": "b", "ACL": "private"}, "rest-xml"),
    ("s3", "GetObject", {"Bucket": "b", "Key": "a/b"}, "rest-xml"),
    ("cloudfront", "ListDistributions", {}, "rest-xml"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "protocol"), CALLS)
def test_a_request_tells_its_operation_and_an_error_is_understood(
    service: str, operation: str, parameters: dict[str, Any], protocol: str
) -> None:
    seen: list[ApiCall] = []

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(ApiCall.of(environ))
        status, headers, content = seen[-1].error("Teapot", 418, "short & stout")
        start_response(status, headers)
        return [content]

    client: Any = InProcessClients(answer, "http://localhost:1").client("us-east-1", service)
    with pytest.raises(ClientError) as raised:
        client._make_api_call(operation, parameters)
    assert (seen[0].service, seen[0].operation, seen[0].protocol) == (service, operation, protocol)
    assert raised.value.response["Error"]["Code"] == "Teapot"
    assert raised.value.response["Error"]["Message"] == "short & stout"
    assert raised.value.response["ResponseMetadata"]["RequestId"]


def test_what_no_service_has_is_no_operation() -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_X_AMZ_TARGET": "AmazonSQS.Fly"}
    environ["HTTP_AUTHORIZATION"] = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sqs/aws4_request"
    assert ApiCall.of(environ) == ApiCall("sqs", "", "json", "Fly")
