"""Messages of a dead-letter queue can be moved back: ``StartMessageMoveTask`` and what belongs to it.

Upstream defect: the operations are unknown.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, Queue
from moto.sqs.responses import SQSResponse

from stepweave.local_cloud.adapters.patch import added, replaced

_ORIGIN = "DeadLetterQueueSourceArn"


@dataclass(frozen=True)
class MoveTask:
    """A task that has moved messages; it is complete as soon as it is there.

    Attributes
    ----------
    handle : str
    source_arn : str
    destination_arn : str or None
        None: each message went to the queue that it came from.
    moved : int
    started : float
        In seconds since the epoch.
    """

    handle: str
    source_arn: str
    destination_arn: str | None
    moved: int
    started: float

    def to_json(self) -> dict[str, Any]:
        """The task in the answer of ``ListMessageMoveTasks``."""
        shown = {
            "Status": "COMPLETED",
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.moved,
            "StartedTimestamp": int(self.started * 1000),
        }
        return shown if self.destination_arn is None else {**shown, "DestinationArn": self.destination_arn}


@contextmanager
def queue_moves(messages_lock: AbstractContextManager[Any]) -> Iterator[None]:
    """Know the operations.

    Parameters
    ----------
    messages_lock
        Held while messages are moved.
    """
    tasks: list[MoveTask] = []
    upstream_add = Queue.add_message

    def add_message(self: Any, message: Message) -> None:
        # The first queue that a message was in is the one that it goes back to.
        message.__dict__.setdefault(_ORIGIN, self.queue_arn)
        upstream_add(self, message)

    def start(self: Any) -> ActionResult:
        source_arn, destination_arn = self._get_param("SourceArn"), self._get_param("DestinationArn")
        queues = {queue.queue_arn: queue for queue in self.sqs_backend.queues.values()}
        source = _existing(queues, source_arn)
        if not self.sqs_backend.list_dead_letter_source_queues(source.name):
            raise SQSException("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        if destination_arn is not None:
            _existing(queues, destination_arn)
        started = time.time()
        with messages_lock:
            moved = _move(source, queues, destination_arn)
        tasks.append(MoveTask(str(uuid.uuid4()), source_arn, destination_arn, moved, started))
        return ActionResult({"TaskHandle": tasks[-1].handle})

    def list_tasks(self: Any) -> ActionResult:
        source_arn = self._get_param("SourceArn")
        _existing({queue.queue_arn: queue for queue in self.sqs_backend.queues.values()}, source_arn)
        found = [task.to_json() for task in reversed(tasks) if task.source_arn == source_arn]
        return ActionResult({"Results": found[: int(self._get_param("MaxResults") or 1)]})

    def cancel(self: Any) -> ActionResult:
        handle = self._get_param("TaskHandle")
        if all(task.handle != handle for task in tasks):
            raise SQSException("ResourceNotFoundException", "The task handle is not known.")
        raise SQSException("UnsupportedOperation", "Only active tasks can be cancelled.")

    with ExitStack() as patches:
        patches.enter_context(replaced(Queue, "add_message", add_message))
        for name, method in (
            ("start_message_move_task", start),
            ("list_message_move_tasks", list_tasks),
            ("cancel_message_move_task", cancel),
        ):
            patches.enter_context(added(SQSResponse, name, method))
        yield


def _move(source: Queue, queues: dict[str, Queue], destination_arn: str | None) -> int:
    """Move what can be received now, and say how much that was."""
    moved = 0
    for message in [known for known in source._messages if known.visible]:
        target = queues.get(destination_arn or message.__dict__[_ORIGIN])
        if target is None:
            continue
        source._messages.remove(message)
        source.pending_messages.discard(message)
        message.approximate_receive_count, message.visible_at = 0, 0.0
        target.add_message(message)
        moved += 1
    return moved


def _existing(queues: dict[str, Queue], arn: str) -> Queue:
    if arn not in queues:
        raise SQSException(
            "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."
        )
    return queues[arn]
