"""Queues and messages are refused where SQS refuses them, and messages of FIFO queues are numbered in order.

Upstream defects: attributes of queues may have any name and value; a message may be empty, hold characters that SQS
does not take, and have any number of attributes; numbers of messages are random; and a message that is sent again
to a FIFO queue gets another id.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from moto.sqs.exceptions import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    MissingParameter,
    SQSException,
)
from moto.sqs.models import Message, Queue, SQSBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time

_RANGES: Final = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_OTHERS: Final = frozenset(
    {
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsMasterKeyId",
        "Policy",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
    }
)
_INVALID_CHARACTER: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHARACTERS: Final = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF"
)
_MOST_ATTRIBUTES: Final = 10
_DEDUPLICATED_FOR: Final = timedelta(minutes=5)
_FIRST_NUMBER: Final = 18_850_000_000_000_000_000


class InvalidContentsError(SQSException):  # type: ignore[misc]
    """A message holds characters that SQS does not take."""

    code = "InvalidMessageContents"

    def __init__(self) -> None:
        super().__init__(_CHARACTERS)


@contextmanager
def queue_checks() -> Iterator[None]:  # noqa: C901 - one function for each of upstream's
    """Refuse and number until the context ends."""
    numbers, lock = itertools.count(_FIRST_NUMBER, 256), threading.RLock()
    seen: dict[tuple[str, ...], tuple[datetime, Message]] = {}
    upstream_create, upstream_set = SQSBackend.create_queue, SQSBackend.set_queue_attributes
    upstream_validate, upstream_send = SQSBackend._validate_message, SQSBackend.send_message  # noqa: SLF001 - its seam

    def create_queue(self: Any, name: str, tags: dict[str, str] | None = None, **attributes: Any) -> Queue:
        _check_attributes({key: value for key, value in attributes.items() if key != "region"})
        return upstream_create(self, name, tags, **attributes)

    def set_queue_attributes(self: Any, queue_name: str, attributes: dict[str, Any]) -> Queue:
        _check_attributes(attributes)
        return upstream_set(self, queue_name, attributes)

    def validate_message(self: Any, queue: Queue, message_body: str, *arguments: Any, **options: Any) -> None:
        if not message_body:
            raise MissingParameter("MessageBody")
        if _INVALID_CHARACTER.search(message_body):
            raise InvalidContentsError
        upstream_validate(self, queue, message_body, *arguments, **options)

    def send_message(
        self: Any, queue_name: str, message_body: str, message_attributes: Any = None, **options: Any
    ) -> Message:
        _check_message_attributes(message_attributes or {})
        queue = self.get_queue(queue_name)
        deduplication_id = options.get("deduplication_id")
        if not queue.fifo_queue:
            if deduplication_id is not None:
                raise InvalidParameterValue(
                    f"Value {deduplication_id} for parameter MessageDeduplicationId is invalid. "
                    "Reason: The request include parameter that is not valid for this queue type."
                )
            return upstream_send(self, queue_name, message_body, message_attributes, **options)
        with lock:
            key = _deduplication_key(queue, message_body, options)
            if (known := seen.get(key)) is not None and engine_time.now() - known[0] < _DEDUPLICATED_FOR:
                return known[1]
            message = upstream_send(self, queue_name, message_body, message_attributes, **options)
            message.sequence_number = str(next(numbers))
            _forget(seen)
            seen[key] = engine_time.now(), message
            return message

    with ExitStack() as patches:
        for replacement in (create_queue, set_queue_attributes, send_message):
            patches.enter_context(replaced(SQSBackend, replacement.__name__, replacement))
        patches.enter_context(replaced(SQSBackend, "_validate_message", validate_message))
        yield


def _deduplication_key(queue: Queue, body: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """What is the same for messages of which SQS takes one."""
    given = options.get("deduplication_id") or hashlib.sha256(body.encode()).hexdigest()
    is_by_group = queue.attributes.get("DeduplicationScope") == "messageGroup"
    return str(queue.queue_arn), str(given), str(options.get("group_id")) if is_by_group else ""


def _forget(seen: dict[tuple[str, ...], tuple[datetime, Message]]) -> None:
    """Forget the messages that are too old to tell duplicates by, which are the first."""
    now = engine_time.now()
    while seen and now - next(iter(seen.values()))[0] >= _DEDUPLICATED_FOR:
        del seen[next(iter(seen))]


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    for name, value in attributes.items():
        if name in _RANGES:
            least, most = _RANGES[name]
            if not str(value).isdigit() or not least <= int(value) <= most:
                raise InvalidAttributeValue(name)
        elif name not in _OTHERS:
            raise InvalidAttributeName(name)


def _check_message_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    if len(attributes) > _MOST_ATTRIBUTES:
        message = f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{_MOST_ATTRIBUTES}]."
        raise InvalidParameterValue(message)
    for name, attribute in attributes.items():
        kind = str(attribute.get("DataType") or attribute.get("data_type") or "").partition(".")[0]
        if not any(
            value for key, value in attribute.items() if key.lower().replace("_", "") in {"stringvalue", "binaryvalue"}
        ):
            message = f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            raise InvalidParameterValue(message)
