"""Keeps SQS queues and the messages in them.

Messages are read from moto itself: to receive them would change when they are seen and how often they were received.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import boto3
from moto.sqs.models import Message, sqs_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION

_ATTRIBUTES: Final = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
    "RedrivePolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
)
_MESSAGE: Final = (
    "message_attributes",
    "sender_id",
    "sent_timestamp",
    "approximate_first_receive_timestamp",
    "approximate_receive_count",
    "deduplication_id",
    "group_id",
    "sequence_number",
    "visible_at",
    "delayed_until",
)


def read_queues(session: boto3.Session) -> dict[str, Any]:
    """Return the queues by name: how each is created, and its messages."""
    client = session.client("sqs")
    found: dict[str, Any] = {}
    for url in client.list_queues().get("QueueUrls", []):
        attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        name = url.rpartition("/")[2]
        queue = sqs_backends[ACCOUNT_ID][REGION].queues[name]
        found[name] = {
            "attributes": {key: value for key, value in attributes.items() if key in _ATTRIBUTES},
            "messages": [_written(message) for message in list(queue._messages)],
        }
    return found


def restore_queues(session: boto3.Session, queues: Mapping[str, Any]) -> None:
    """Create the queues that are not there, and put the messages into all."""
    client = session.client("sqs")
    there = {url.rpartition("/")[2] for url in client.list_queues().get("QueueUrls", [])}
    # A queue must be there before others can name it as their dead-letter queue.
    for name, kept in sorted(queues.items(), key=lambda one: "RedrivePolicy" in one[1]["attributes"]):
        if name not in there:
            client.create_queue(QueueName=name, Attributes=kept["attributes"])
        for message in kept["messages"]:
            sqs_backends[ACCOUNT_ID][REGION].queues[name].add_message(_read(message))


def _written(message: Any) -> dict[str, Any]:
    return {
        "id": message.id,
        "body": message.body,
        "system_attributes": message.system_attributes,
        **{name: getattr(message, name) for name in _MESSAGE},
    }


def _read(kept: Mapping[str, Any]) -> Any:
    message = Message(kept["id"], kept["body"], kept["system_attributes"])
    for name in _MESSAGE:
        setattr(message, name, kept[name])
    return message
