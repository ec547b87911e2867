"""The AWS clients of an execution environment: made once, with timeouts that leave time to report a failure."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

from stepweave.runtime.direct_calls import DirectCalls
from stepweave.runtime.kept_connections import KeptConnections
from stepweave.runtime.settings import in_lambda

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_CONNECT_SECONDS, _READ_SECONDS = 2, 10
_CONFIG = Config(
    connect_timeout=_CONNECT_SECONDS,
    read_timeout=_READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": 3},
    # What is sent is made here, and what is wrong with it the service says: a tenth of the cost of a small call.
    parameter_validation=False,
    user_agent="stepweave",  # else it is composed anew for each call, at the cost of signing it
)
_creating = threading.Lock()


def s3() -> S3Client:
    """Return the client for Amazon S3."""
    client: S3Client = _client("s3", os.environ.get("AWS_ENDPOINT_URL"))
    return client


def dynamodb() -> DynamoDBClient:
    """Return the client for Amazon DynamoDB."""
    client: DynamoDBClient = _client("dynamodb", os.environ.get("AWS_ENDPOINT_URL"))
    return client


def stepfunctions() -> SFNClient:
    """Return the client for AWS Step Functions."""
    client: SFNClient = _client("stepfunctions", os.environ.get("AWS_ENDPOINT_URL"))
    return client


def sqs() -> SQSClient:
    """Return the client for Amazon SQS."""
    client: SQSClient = _client("sqs", os.environ.get("AWS_ENDPOINT_URL"))
    return client


def events() -> EventBridgeClient:
    """Return the client for Amazon EventBridge."""
    client: EventBridgeClient = _client("events", os.environ.get("AWS_ENDPOINT_URL"))
    return client


def secret_store(service: Literal["secretsmanager", "ssm"]) -> BaseClient:
    """Return the client for AWS Secrets Manager, or for AWS Systems Manager, which has the Parameter Store."""
    client: BaseClient = _client(service, os.environ.get("AWS_ENDPOINT_URL"))
    return client


# The endpoint is part of the key so that a process that outlives a local cloud talks to the next one.
@lru_cache(maxsize=8)
def _client(service: Any, endpoint: str | None) -> Any:
    with _creating:  # boto3's default session is not safe to use from several threads
        client = boto3.client(service, endpoint_url=endpoint, config=_CONFIG)
    # Elsewhere, as in a test, botocore alone decides where a call goes.
    if service == "dynamodb" and in_lambda():
        DirectCalls(KeptConnections(_CONNECT_SECONDS, _READ_SECONDS)).attach(client)
    return client
