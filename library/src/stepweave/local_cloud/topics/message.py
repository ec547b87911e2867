"""A message that was published to a topic, as its subscribers get it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

JsonObject = dict[str, Any]

_SIGNATURE: Final = base64.b64encode(b"The local cloud signs nothing.").decode()
_DEFAULT: Final = "default"


class MessageStructureError(ValueError):
    """A message for many protocols is not what it must be; the text is AWS's reason."""


@dataclass(frozen=True)
class TopicMessage:
    """A message.

    Attributes
    ----------
    id, topic_arn : str
        Its name, and where it was published.
    text : str
        What was published.
    at : datetime
        When.
    subject : str or None
        Its subject.
    attributes : mapping
        By name, each with ``Type`` and ``Value``; a binary value in base64.
    is_structured : bool
        Whether `text` is JSON with a text for each protocol.
    group_id, deduplication_id, sequence_number : str or None
        Of a message in a FIFO topic.
    """

    id: str
    topic_arn: str
    text: str
    at: datetime
    subject: str | None = None
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_structured: bool = False
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None

    def text_for(self, protocol: str) -> str:
        """Return the text for a protocol.

        Raises
        ------
        MessageStructureError
            If the message is structured and says nothing for the protocol.
        """
        if not self.is_structured:
            return self.text
        try:
            texts = json.loads(self.text)
        except ValueError as error:
            raise MessageStructureError("JSON message body failed to parse") from error
        if not isinstance(texts, dict) or not isinstance(texts.get(_DEFAULT), str):
            raise MessageStructureError("No default entry in JSON message body")
        text = texts.get(protocol)
        return text if isinstance(text, str) else str(texts[_DEFAULT])

    def notification(self, subscription_arn: str, protocol: str) -> JsonObject:
        """Return the message as an HTTP endpoint or a queue gets it."""
        region = self.topic_arn.split(":")[3]
        host = f"https://sns.{region}.amazonaws.com"
        is_fifo = self.sequence_number is not None
        members: JsonObject = {
            "Type": "Notification",
            "MessageId": self.id,
            "SequenceNumber": self.sequence_number,
            "TopicArn": self.topic_arn,
            "Subject": self.subject,
            "Message": self.text_for(protocol),
            "Timestamp": self.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "SignatureVersion": None if is_fifo else "1",
            "Signature": None if is_fifo else _SIGNATURE,
            "SigningCertURL": None if is_fifo else f"{host}/SimpleNotificationService-local.pem",
            "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
            "MessageAttributes": {name: dict(value) for name, value in self.attributes.items()} or None,
        }
        return {name: value for name, value in members.items() if value is not None}

    def to_text(self, subscription_arn: str, protocol: str) -> str:
        """The notification as AWS spells it."""
        return json.dumps(
            self.notification(subscription_arn, protocol), indent=2, separators=(",", " : "), ensure_ascii=False
        )

    def function_event(self, subscription_arn: str) -> JsonObject:
        """Return the message as a function gets it."""
        given = self.notification(subscription_arn, "lambda")
        spelt = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
        sns = {"Subject": None, "MessageAttributes": {}} | {spelt.get(name, name): item for name, item in given.items()}
        return {
            "Records": [
                {
                    "EventSource": "aws:sns",
                    "EventVersion": "1.0",
                    "EventSubscriptionArn": subscription_arn,
                    "Sns": sns,
                }
            ]
        }

    def queue_attributes(self) -> dict[str, dict[str, Any]]:
        """Return the attributes as SQS has them: for a message that is delivered raw."""
        return {
            name: {"DataType": value["Type"], "BinaryValue": base64.b64decode(value["Value"])}
            if value["Type"].startswith("Binary")
            else {"DataType": value["Type"], "StringValue": str(value["Value"])}
            for name, value in self.attributes.items()
        }
