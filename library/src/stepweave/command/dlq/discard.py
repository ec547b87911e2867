"""Give dead letters up, and keep a record of who did so, when, why, and of what was in the queue."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypedDict

from stepweave.command.dlq.letter import Letter
from stepweave.command.dlq.mailbox import Mailbox, Message
from stepweave.command.dlq.result import Result, Verdict
from stepweave.command.dlq.settlement import settle
from stepweave.command.dlq.view import EntryJson, letter_json
from stepweave.command.target.deployment import payload_bucket
from stepweave.command.target.open_target import OpenTarget

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

RECORDS: Final = "discarded-dead-letters/"
"""What the keys of records begin with. No rule of the payload bucket lets them expire."""

FORMAT: Final = 1
"""The version of what a record says."""


class MessageRecord(TypedDict):
    """A message as it was in its queue: what sends it there again."""

    queue: str
    message_id: str
    body: str
    attributes: dict[str, str]


class Record(TypedDict):
    """What is kept of a dead letter that was given up. Times are in UTC, in ISO 8601."""

    format: int
    discarded: str
    by: str
    reason: str
    letter: EntryJson
    messages: list[MessageRecord]


@dataclass(frozen=True)
class Discarder:
    """Gives letters up: writes a record, and then removes their messages.

    A letter whose record cannot be written stays in its queue.

    Parameters
    ----------
    mailbox : Mailbox
        Who holds the messages.
    client : S3Client
        Where records are kept.
    bucket : str
        The bucket for them.
    person : str
        Who gives them up.
    reason : str
        Why.
    """

    mailbox: Mailbox
    client: "S3Client"
    bucket: str
    person: str
    reason: str

    @classmethod
    def of(cls, opened: OpenTarget, mailbox: Mailbox, reason: str) -> "Discarder":
        """Find the bucket of what is deployed.

        Raises
        ------
        CommandError
            If there is none.
        """
        cloudformation = opened.client("cloudformation")
        bucket = payload_bucket(cloudformation, opened.where, opened.how_to_deploy, opened.names)
        return cls(mailbox, opened.client("s3"), bucket, opened.person, reason)

    def discard(self, letter: Letter, messages: Sequence[Message]) -> Result:
        """Give a letter up.

        Parameters
        ----------
        letter : Letter
            What failed.
        messages : Sequence[Message]
            All messages that tell of it. They are removed once there is a record of them, else given back.
        """
        return settle(self.mailbox, messages, lambda: self._record(letter, messages))

    def _record(self, letter: Letter, messages: Sequence[Message]) -> Result:
        now = datetime.now(UTC)
        # A letter may come again after it was given up: that is an event of its own, with a record of its own.
        key = f"{RECORDS}{now:%Y/%m/%d}/{letter.id}-{now:%H%M%S%f}.json"
        record: Record = {
            "format": FORMAT,
            "discarded": now.isoformat(timespec="milliseconds"),
            "by": self.person,
            "reason": self.reason,
            "letter": letter_json(letter, now),
            "messages": [
                {
                    "queue": message.queue.name,
                    "message_id": message.id,
                    "body": message.body,
                    "attributes": dict(message.attributes),
                }
                for message in messages
            ],
        }
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=json.dumps(record, indent=2).encode(),
            ContentType="application/json",
        )
        place = f"s3://{self.bucket}/{key}"
        return Result(Verdict.DISCARDED, f"recorded in {place}", record=place)
