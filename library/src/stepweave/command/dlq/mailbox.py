"""Read messages without taking them: they are locked while they are looked at, and given back.

Who reads a queue hides its messages from everybody else for that time, so the time is kept short.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

from botocore.exceptions import ClientError

from stepweave.command.dlq.letter import Letter, read_letter, time_of
from stepweave.command.dlq.queues import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_BATCH: Final = 10
_QUEUES_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Message:
    """A message that is locked for us.

    Parameters
    ----------
    queue : Queue
        Where it is.
    id : str
        What SQS calls it.
    receipt : str
        What shows that we hold it.
    letter : Letter
        What it says.
    body : str
        How it says so, as it was sent.
    attributes : Mapping[str, str]
        Its attributes by name.
    """

    queue: Queue
    id: str
    receipt: str
    letter: Letter
    body: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


class Mailbox:
    """The messages of some queues, each locked from when it is read until it is removed or given back.

    Used as a context manager it gives back what is left at its end, whatever happened.

    Parameters
    ----------
    client : SQSClient
        Where the queues are.
    queues : Sequence[Queue]
        The queues.
    lock_seconds : int
        How long a message stays hidden from others if this process dies.
    wait_seconds : int
        How long SQS looks for messages on its servers, of which it else asks a few.
    """

    def __init__(self, client: "SQSClient", queues: Sequence[Queue], lock_seconds: int, wait_seconds: int) -> None:
        self._client = client
        self._queues = queues
        self._lock_seconds = lock_seconds
        self._wait_seconds = wait_seconds
        self._held: dict[str, Message] = {}
        self._changing = threading.Lock()

    def read(self) -> list[Message]:
        """Read and lock every message that nobody else has locked."""
        with ThreadPoolExecutor(_QUEUES_AT_ONCE) as pool:
            return [message for messages in pool.map(self._read, self._queues) for message in messages]

    def locked_by_others(self) -> int:
        """Return about how many messages somebody else has locked; asked before `read`, which locks them itself."""
        with ThreadPoolExecutor(_QUEUES_AT_ONCE) as pool:
            return sum(pool.map(self._hidden, self._queues))

    def keep(self, messages: Iterable[Message]) -> bool:
        """Lock messages for the full time again; tell whether all of them are still ours."""
        ours = True
        for message in messages:
            try:
                self._client.change_message_visibility(
                    QueueUrl=message.queue.url, ReceiptHandle=message.receipt, VisibilityTimeout=self._lock_seconds
                )
            except ClientError as error:
                if not _not_held(error):
                    raise
                self._forget(message)
                ours = False
        return ours

    def remove(self, message: Message) -> None:
        """Delete a message."""
        self._client.delete_message(QueueUrl=message.queue.url, ReceiptHandle=message.receipt)
        self._forget(message)

    def give_back(self, messages: Iterable[Message]) -> None:
        """Let others have messages that are still held."""
        with self._changing:
            given = [self._held.pop(message.id) for message in messages if message.id in self._held]
        for url, group in groupby(sorted(given, key=lambda one: one.queue.url), lambda one: one.queue.url):
            of_queue = list(group)
            for start in range(0, len(of_queue), _BATCH):
                self._client.change_message_visibility_batch(
                    QueueUrl=url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                        for index, message in enumerate(of_queue[start : start + _BATCH])
                    ],
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give_back(list(self._held.values()))

    def _read(self, queue: Queue) -> list[Message]:
        found: dict[str, Message] = {}
        while True:
            received = self._client.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=self._lock_seconds,
                WaitTimeSeconds=self._wait_seconds,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            # If reading takes longer than the lock, the first messages come again, with new receipts.
            is_done = all(message["MessageId"] in found for message in received)
            for message in received:
                found[message["MessageId"]] = self._hold(queue, message)
            if is_done:
                return list(found.values())

    def _hold(self, queue: Queue, received: "MessageTypeDef") -> Message:
        attributes = {
            name: value.get("StringValue", "") for name, value in received.get("MessageAttributes", {}).items()
        }
        sent = time_of(received.get("Attributes", {}).get("SentTimestamp", "0"))
        letter = read_letter(queue.name, queue.kind, received["Body"], attributes, sent, queue.names)
        message = Message(queue, received["MessageId"], received["ReceiptHandle"], letter, received["Body"], attributes)
        with self._changing:
            self._held[message.id] = message
        return message

    def _forget(self, message: Message) -> None:
        with self._changing:
            self._held.pop(message.id, None)

    def _hidden(self, queue: Queue) -> int:
        wanted: Literal["ApproximateNumberOfMessagesNotVisible"] = "ApproximateNumberOfMessagesNotVisible"
        answer = self._client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=[wanted])
        return int(answer.get("Attributes", {}).get(wanted, "0"))


def _not_held(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code", "")
    return "MessageNotInflight" in code or "ReceiptHandleIsInvalid" in code or code == "InvalidParameterValue"
