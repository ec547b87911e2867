"""What `context.secret` gives and says."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from stepweave.contract.secret import Secret
from stepweave.runtime import clients, secret_values
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import ConfigurationError, TransientError

CONTEXT = TaskContext(
    "e", "t", secrets=("claims/payer", "/claims/mail", Secret("plain", "parameter-store"), "claims/bytes")
)


def forget() -> None:
    clients._client.cache_clear()
    secret_values._provider.cache_clear()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        forget()
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="claims/payer", SecretString="hunter2")
        secrets.create_secret(Name="claims/bytes", SecretBinary=b"\x00")
        parameters = boto3.client("ssm")
        parameters.put_parameter(Name="/claims/mail", Value="swordfish", Type="SecureString")
        parameters.put_parameter(Name="plain", Value="not secret", Type="String")
        yield
    forget()


@pytest.mark.parametrize(
    ("name", "value"), [("claims/payer", "hunter2"), ("/claims/mail", "swordfish"), ("plain", "not secret")]
)
def test_a_secret_of_the_contract_has_its_value(name: str, value: str) -> None:
    assert CONTEXT.secret(name) == value


@pytest.mark.parametrize("in_lambda", [True, False])
def test_an_environment_keeps_it_and_a_test_reads_it_each_time(
    monkeypatch: pytest.MonkeyPatch, in_lambda: bool
) -> None:
    if in_lambda:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "payer")
    assert CONTEXT.secret("claims/payer") == "hunter2"
    boto3.client("secretsmanager").put_secret_value(SecretId="claims/payer", SecretString="rotated")
    assert CONTEXT.secret("claims/payer") == ("hunter2" if in_lambda else "rotated")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("claims/other", r"names no secret 'claims/other'; add it there"),
        ("claims/bytes", "holds bytes"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(name: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        CONTEXT.secret(name)


@pytest.mark.parametrize(("name", "where"), [("nowhere", "Secrets Manager"), ("/nowhere", "Parameter Store")])
def test_one_that_does_not_exist_is_named_with_where_to_put_it(name: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name}'.*{where}"):
        TaskContext("e", "t", secrets=(name,)).secret(name)


def test_another_attempt_may_reach_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    forget()
    real: Any = clients._CONFIG
    monkeypatch.setattr(clients, "_CONFIG", real.merge(Config(retries={"total_max_attempts": 1})))
    with pytest.raises(TransientError, match="claims/payer"):
        CONTEXT.secret("claims/payer")
