"""Operations that moto has not, or fails in, with and without the rule for them."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.refused_operations import UnsupportedError, refused_operations
from stepweave.local_cloud.adapters.s3.subresources import UNKNOWN, s3_subresources
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication

MISSING: list[tuple[str, str, dict[str, Any]]] = [
    ("stepfunctions", "TestState", {"definition": "{}", "roleArn": "r"}),
    ("lambda", "InvokeWithResponseStream", {"FunctionName": "f"}),
    (
        "lambda",
        "PutProvisionedConcurrencyConfig",
        {
            "FunctionName": "f",
            "Qualifier": "1",
            "ProvisionedConcurrentExecutions": 1,
        },
    ),
    ("sns", "CreateSMSSandboxPhoneNumber", {"PhoneNumber": "+1"}),
    ("iam", "GetOrganizationsAccessReport", {"JobId": "j" * 36}),
    ("rekognition", "DetectModerationLabels", {"Image": {}}),
    ("bedrock-data-automation", "ListBlueprints", {}),
    ("s3", "PutBucketAnalyticsConfiguration", {"Bucket": "bbb", "Id": "i", "AnalyticsConfiguration": {"Id": "i"}}),
    ("s3", "GetBucketRequestPayment", {"Bucket": "bbb"}),
]


@pytest.fixture
def client(application: WsgiApplication) -> Iterator[Any]:
    clients = InProcessClients(refused_operations(application), "http://localhost")
    with s3_subresources():
        yield lambda service: clients.client("us-east-1", service)


@pytest.mark.parametrize(("service", "operation", "parameters"), MISSING)
def test_an_operation_that_is_missing_is_refused_by_name(
    client: Any, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as raised:
        client(service)._make_api_call(operation, parameters)
    error = raised.value.response
    assert error["Error"]["Code"] == "NotImplemented"
    assert error["Error"]["Message"] == f"The local cloud does not implement {service}:{operation}."
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_upstream_answers_such_with_no_name_of_its_own(application: WsgiApplication) -> None:
    clients = InProcessClients(application, "http://localhost")
    for service, operation, parameters in MISSING[:2]:
        client: Any = clients.client("us-east-1", service)
        with pytest.raises(ClientError) as raised:
            client._make_api_call(operation, parameters)
        assert raised.value.response["Error"]["Code"] in {"500", "404"}
    s3: Any = clients.client("us-east-1", "s3")
    s3.put_bucket_analytics_configuration(Bucket="bbb", Id="i", AnalyticsConfiguration={"Id": "i"})
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["bbb"]  # it made one


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "message"),
    [
        ("sns", "DeletePlatformApplication", {}, 'Missing required parameter in input: "PlatformApplicationArn"'),
        ("dynamodb", "ExportTableToPointInTime", {"TableArn": "a"}, 'Missing required parameter in input: "S3Bucket"'),
    ],
)
def test_upstream_fails_because_of_the_request(
    client: Any, service: str, operation: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError) as raised:
        client(service)._make_api_call(operation, parameters)
    assert raised.value.response["Error"] == {"Code": "ValidationException", "Message": message} | {
        key: value for key, value in raised.value.response["Error"].items() if key == "Type"
    }


def test_what_fails_otherwise_says_which_operation_and_nothing_of_python(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ClientError, match=r"\(NotImplemented\).*cannot answer this request of dynamodb:ListExports"):
        client("dynamodb").list_exports()
    assert "dynamodb:ListExports" in caplog.text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"HTTP_X_AMZ_TARGET": "DynamoDB_20120810.Fly"}, "UnknownOperationException"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, "InvalidAction"),
    ],
)
def test_what_aws_has_not_is_refused_as_there(headers: dict[str, str], expected: str) -> None:
    from io import BytesIO  # noqa: PLC0415 - only here

    def fail(_environ: object, _start: object) -> list[bytes]:
        raise NotImplementedError

    service = "dynamodb" if "HTTP_X_AMZ_TARGET" in headers else "iam"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request",
        "wsgi.input": BytesIO(b"Action=Fly&Version=1"),
        **headers,
    }
    begun: list[str] = []
    content = b"".join(refused_operations(fail)(environ, lambda status, _: begun.append(status)))
    assert begun == ["400 Error"]
    assert expected in content.decode()


def test_an_adapter_refuses_by_name(client: Any) -> None:
    def fail(_environ: object, _start: object) -> list[bytes]:
        raise UnsupportedError("a pipe to the moon")

    clients = InProcessClients(refused_operations(fail), "http://localhost")
    pipes: Any = clients.client("us-east-1", "pipes")
    with pytest.raises(ClientError, match="cannot do this in pipes:DescribePipe: a pipe to the moon"):
        pipes.describe_pipe(Name="p")


def test_upstream_still_overlooks_subresources_of_s3() -> None:
    from inspect import getsource  # noqa: PLC0415 - only here

    from moto.core.utils import get_service_model  # noqa: PLC0415 - moto takes a second
    from moto.s3 import responses  # noqa: PLC0415 - as above

    source, model = getsource(responses), get_service_model("s3")
    literals = {name for each in model.operation_names for name in model.operation_model(each).http_trait.query_args}
    assert literals >= UNKNOWN
    assert not {name for name in UNKNOWN if f'"{name}" in query' in source}
