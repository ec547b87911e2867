"""A queue of moto as the source of messages for a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from moto.sqs import models
from moto.sqs.exceptions import QueueDoesNotExist, ReceiptHandleIsInvalid

from stepweave.local_cloud.event_sources.message import MessageAttribute, ReceivedMessage
from stepweave.local_cloud.events.pattern import EventPattern
from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import check
from stepweave.local_cloud.permissions.callers import RoleSession


class MappedQueue:
    """A queue, by its ARN; one that does not exist, or that a function's role may not read, has no messages.

    Parameters
    ----------
    arn
        The queue's ARN.
    caller
        Returns the session of the function's role, as it is now.
    """

    def __init__(self, arn: str, caller: Callable[[], RoleSession | None] = lambda: None) -> None:
        self._arn = arn
        self._region, self._account, self._name = arn.split(":")[3:6]
        self._caller = caller

    def receive(self, count: int) -> list[ReceivedMessage]:
        """Take at most `count` messages, and hide them for the queue's visibility timeout; does not wait."""
        queue = self._backend.queues.get(self._name)
        if queue is None or refused_action(self._caller(), self._arn) is not None:
            return []
        messages = self._backend.receive_message(self._name, count, 0, queue.visibility_timeout, ["All"])
        return [_received(message) for message in messages]

    def delete(self, messages: Sequence[ReceivedMessage]) -> None:
        """Delete messages that were received; those that are gone already are left."""
        for message in messages:
            try:
                self._backend.delete_message(self._name, message.receipt_handle)
            except (QueueDoesNotExist, ReceiptHandleIsInvalid):
                continue

    def seconds_until_next(self) -> float | None:
        """Return how long it takes until a message that is hidden now can be received; None if there is none."""
        queue = self._backend.queues.get(self._name)
        if queue is None:
            return None
        now = models.unix_time_millis()
        times = [max(message.visible_at, message.delayed_until) for message in list(queue._messages)]  # noqa: SLF001
        later = [at for at in times if at >= now]
        return (min(later) - now + 1) / 1000 if later else None

    def matches(self, message: ReceivedMessage, patterns: Sequence[str]) -> bool:
        """Tell whether a message matches one of the patterns.

        A body that is JSON is matched as such; one that is not matches only a pattern that says nothing of its parts.
        """
        record: dict[str, Any] = message.to_record(f"arn:aws:sqs:{self._region}:{self._account}:{self._name}")
        try:
            parsed = json.loads(message.body)
        except ValueError:
            parsed = message.body
        return any(
            EventPattern.parse(pattern).matches(
                {**record, "body": parsed if _looks_into_body(pattern) else message.body}
            )
            for pattern in patterns
        )

    @property
    def _backend(self) -> models.SQSBackend:
        return models.sqs_backends[self._account][self._region]


def refused_action(caller: RoleSession | None, arn: str) -> str | None:
    """Return what a function's role lacks to be given the messages of a queue; None if it lacks nothing."""
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        if not check(caller, Access(f"sqs:{action}", arn)).is_allowed:
            return action
    return None


def _looks_into_body(pattern: str) -> bool:
    return isinstance(json.loads(pattern).get("body"), dict)


def _received(message: models.Message) -> ReceivedMessage:
    system = {
        "ApproximateReceiveCount": message.approximate_receive_count,
        "SentTimestamp": message.sent_timestamp,
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": message.approximate_first_receive_timestamp,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "SequenceNumber": message.sequence_number,
        "AWSTraceHeader": (message.system_attributes.get("AWSTraceHeader") or {}).get("StringValue"),
    }
    return ReceivedMessage(
        message_id=message.id,
        receipt_handle=str(message.receipt_handle),
        body=message.body,
        md5_of_body=message.body_md5,
        attributes={name: str(value) for name, value in system.items() if value is not None},
        message_attributes={name: _attribute(value) for name, value in message.message_attributes.items()},
    )


def _attribute(value: dict[str, Any]) -> MessageAttribute:
    binary = value.get("BinaryValue")
    return MessageAttribute(
        data_type=value["DataType"],
        string_value=value.get("StringValue"),
        binary_value=binary.encode() if isinstance(binary, str) else binary,
    )
