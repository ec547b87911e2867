"""The queue of dead letters that belongs to a state machine."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from lambdas.contract.dead_letter import QUEUE_SUFFIX, DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


def send(letter: DeadLetter) -> str:
    """Put a letter into its workflow's queue and return the message's id."""
    queue = f"{letter.state_machine.rpartition(':')[2]}-{QUEUE_SUFFIX}"
    client = _sqs(os.environ.get("AWS_ENDPOINT_URL"))
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    # ASCII only: a message must not hold every character that JSON may.
    return client.send_message(QueueUrl=url, MessageBody=json.dumps(letter.model_dump(mode="json")))["MessageId"]


@lru_cache(maxsize=8)
def _sqs(endpoint: str | None) -> SQSClient:
    return boto3.client("sqs", endpoint_url=endpoint, config=_CONFIG)
