"""URLs of functions, served with a function that is a call of this process."""

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.function_urls.url_configs import function_urls
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.lambda_runtime.invocation import InvocationResult
from stepweave.local_cloud.server import WsgiApplication

ROLE = "arn:aws:iam::123456789012:role/r"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def echo(function: str, payload: bytes, *, trace_header: str | None = None) -> InvocationResult:
    event = json.loads(payload)
    answer = {"function": function, "path": event["rawPath"], "body": event.get("body")}
    return InvocationResult("id", json.dumps(answer).encode(), None, "$LATEST", 1.0)


@pytest.fixture
def functions(application: WsgiApplication) -> Iterator[Any]:
    with function_urls(echo):
        clients = InProcessClients(refused_operations(application), "http://localhost")
        iam: Any = clients.client("us-east-1", "iam")
        service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy = {"Version": "2012-10-17", "Statement": [service]}
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(policy))
        functions: Any = clients.client("us-east-1", "lambda")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "")
        functions.create_function(
            FunctionName="f", Runtime="python3.11", Role=ROLE, Handler="i.h", Code={"ZipFile": code.getvalue()}
        )
        yield functions


def get(url: str, **headers: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_url_is_answered_by_the_function_until_it_is_deleted(functions: Any) -> None:
    url = functions.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    assert get(f"{url}a/b") == (200, {"function": ARN, "path": "/a/b", "body": None})
    functions.delete_function_url_config(FunctionName="f")
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_who_must_sign_and_does_not_is_refused(functions: Any) -> None:
    url = functions.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"]
    status, body = get(url)
    assert status == 403
    assert body["Message"].startswith("Forbidden.")
    signed = "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/lambda/aws4_request, Signature=x"
    assert get(url, Authorization=signed)[0] == 200
    functions.update_function_url_config(FunctionName="f", AuthType="NONE")
    assert get(url)[0] == 200


def test_an_alias_has_a_url_of_its_own(functions: Any) -> None:
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="$LATEST")
    functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    url = functions.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="NONE")["FunctionUrl"]
    assert get(url)[1]["function"] == f"{ARN}:live"
    listed = functions.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]
    assert [each["FunctionArn"] for each in listed] == [ARN, f"{ARN}:live"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "ResourceConflictException"),
        ({"FunctionName": "g"}, "ResourceNotFoundException"),
        ({"Qualifier": "1"}, "ValidationException"),
        ({"Qualifier": "live2"}, "ResourceNotFoundException"),
    ],
)
def test_what_aws_refuses_is_refused(functions: Any, settings: dict[str, str], code: str) -> None:
    functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    with pytest.raises(ClientError) as raised:
        functions.create_function_url_config(**{"FunctionName": "f", "AuthType": "NONE", **settings})
    assert raised.value.response["Error"]["Code"] == code


def test_streams_are_refused_by_name(functions: Any) -> None:
    with pytest.raises(ClientError, match=r"NotImplemented.*RESPONSE_STREAM"):
        functions.create_function_url_config(FunctionName="f", AuthType="NONE", InvokeMode="RESPONSE_STREAM")


def test_upstream_still_leads_nowhere() -> None:
    from moto.awslambda.models import FunctionUrlConfig, LambdaFunction  # noqa: PLC0415 - moto takes a second

    function = object.__new__(LambdaFunction)
    function.region = "us-east-1"
    assert FunctionUrlConfig(function, {}).url.endswith(".on.aws")
