"""The function looks the execution up itself, and stores what is too large, against services that moto plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from pydantic import JsonValue

from stepweave.contract.json_values import json_bytes
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.functions.admission import handler as admission

BUCKET = "payloads"
QUOTA = 256 * 1024


@dataclass
class Context:
    function_name: str = "stepweave-admission"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "1"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("STEPWEAVE_PAYLOAD_BUCKET", BUCKET)
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield boto3.client("stepfunctions").create_state_machine(
            name="stepweave-w",
            definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}),
            roleArn="arn:aws:iam::123456789012:role/any",
        )["stateMachineArn"]


def _event(machine: str, given: JsonValue, limit: int = 2_000, **schemas: dict[str, Any]) -> dict[str, JsonValue]:
    client = boto3.client("stepfunctions")
    text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    execution = client.start_execution(stateMachineArn=machine, input=text)["executionArn"]
    return {"execution": execution, "inputs": json.dumps(schemas), "limit_bytes": limit}


def test_small_inputs_travel_themselves(machine: str) -> None:
    event = _event(machine, {"a": 1}, a={"schema": {}}, b={"schema": {}, "required": False, "default": [2]})
    assert admission.handler(event, Context()) == {"a": 1, "b": [2]}  # type: ignore[arg-type]


def test_an_input_that_fills_the_quota_goes_by_reference(machine: str) -> None:
    text = "é" * ((QUOTA - 8) // 2)
    assert json_bytes({"a": text}) == QUOTA
    result: Any = admission.handler(_event(machine, {"a": text}, a={"schema": {"type": "string"}}), Context())  # type: ignore[arg-type]
    reference = result["a"][REFERENCE_KEY]
    assert reference["key"].startswith("results/")
    body = boto3.client("s3").get_object(Bucket=BUCKET, Key=reference["key"])["Body"].read()
    assert json.loads(body) == text


def test_the_error_bears_the_name_that_people_see(machine: str) -> None:
    with pytest.raises(Exception, match="input 'a' is missing") as caught:
        admission.handler(_event(machine, {}, a={"schema": {}}), Context())  # type: ignore[arg-type]
    assert type(caught.value).__name__ == "InvalidInput"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ThrottlingException", "TransientError"),
        ("ExecutionDoesNotExist", "TransientError"),
        ("AccessDeniedException", ""),
    ],
)
def test_what_another_attempt_may_cure_is_told_so(machine: str, code: str, name: str) -> None:
    event = _event(machine, {"a": 1}, a={"schema": {}})
    refused = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeExecution")
    client = mock.Mock(**{"describe_execution.side_effect": refused})
    with (
        mock.patch.object(admission, "stepfunctions", return_value=client),
        pytest.raises(Exception, match="no") as caught,
    ):
        admission.handler(event, Context())  # type: ignore[arg-type]
    assert type(caught.value).__name__ == (name or "ClientError")
