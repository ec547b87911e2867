"""A message that was received from a queue, as a function gets it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

JsonObject = dict[str, object]


@dataclass(frozen=True)
class MessageAttribute:
    """One of the sender's own attributes; either value is None if the other is set."""

    data_type: str
    string_value: str | None = None
    binary_value: bytes | None = None

    def to_json(self) -> JsonObject:
        """The attribute in a function's event."""
        attribute: JsonObject = {"dataType": self.data_type, "stringListValues": [], "binaryListValues": []}
        if self.string_value is not None:
            attribute["stringValue"] = self.string_value
        if self.binary_value is not None:
            attribute["binaryValue"] = base64.b64encode(self.binary_value).decode()
        return attribute


@dataclass(frozen=True)
class ReceivedMessage:
    """One message.

    Attributes
    ----------
    message_id, receipt_handle, body, md5_of_body : str
    attributes : mapping
        SQS's own attributes, as ``ApproximateReceiveCount``.
    message_attributes : mapping
        The sender's.
    """

    message_id: str
    receipt_handle: str
    body: str
    md5_of_body: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    message_attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)

    def to_record(self, queue_arn: str) -> JsonObject:
        """The message as one of the event's ``Records``."""
        return {
            "messageId": self.message_id,
            "receiptHandle": self.receipt_handle,
            "body": self.body,
            "attributes": dict(self.attributes),
            "messageAttributes": {name: value.to_json() for name, value in self.message_attributes.items()},
            "md5OfBody": self.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": queue_arn.split(":")[3],
        }
