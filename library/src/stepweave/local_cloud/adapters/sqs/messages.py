"""Queues may be used by several threads at once, and tell who listens that they have something to receive.

Upstream defects: two receivers at one time get the same message; a message that is sent while another is deleted can be
lost; and a queue that a function is mapped to calls it within the sender's own call, one message at a time, and makes
it visible again at once if the function fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final

from moto.sqs.models import Message, Queue, SQSBackend

from stepweave.local_cloud.adapters.patch import replaced

_POLL_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.02


class QueueListeners:
    """Who wants to know of messages that can be received.

    Attributes
    ----------
    messages_lock : lock
        Held while messages are sent, received, moved or deleted: one for all queues, as a message that is received too
        often moves from its queue to another.
    is_open : bool
        Whether who receives may wait for messages.
    """

    def __init__(self) -> None:
        self.messages_lock = threading.RLock()
        self._lock = threading.Lock()
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self.is_open = True

    def close(self) -> None:
        """Have nobody wait for messages any longer than it takes to look once more."""
        self.is_open = False

    def add(self, queue_arn: str, listener: Callable[[], None]) -> None:
        """Have `listener` called when a message comes into a queue, or becomes visible before its time."""
        with self._lock:
            self._listeners[queue_arn] = [*self._listeners.get(queue_arn, []), listener]

    def remove(self, queue_arn: str, listener: Callable[[], None]) -> None:
        """Call `listener` no more."""
        with self._lock:
            left = [known for known in self._listeners.get(queue_arn, []) if known != listener]
            if left:
                self._listeners[queue_arn] = left
            else:
                self._listeners.pop(queue_arn, None)

    def call(self, queue_arn: str) -> None:
        """Tell the listeners of a queue."""
        for listener in self._listeners.get(queue_arn, []):
            listener()


@contextmanager
def queue_messages() -> Iterator[QueueListeners]:
    """Make operations on messages atomic, and give who can be told of them."""
    listeners = QueueListeners()
    lock = listeners.messages_lock
    upstream_add, upstream_receive = Queue.add_message, SQSBackend.receive_message
    upstream_visibility = SQSBackend.change_message_visibility

    def add_message(self: Any, message: Message) -> None:
        with lock:
            upstream_add(self, message)
        listeners.call(self.queue_arn)

    def change_message_visibility(self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        with lock:
            upstream_visibility(self, queue_name, receipt_handle, visibility_timeout)
        listeners.call(self.get_queue(queue_name).queue_arn)

    def receive_message(  # noqa: PLR0913, PLR0917 - upstream's signature
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        end = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            with lock:
                result: list[Message] = upstream_receive(
                    self, queue_name, count, 0, visibility_timeout, message_attribute_names
                )
            left = end - time.monotonic()
            if result or left <= 0 or not listeners.is_open:
                return result
            queue = self.get_queue(queue_name)
            if queue.messages:  # of a group that waits for an earlier message
                time.sleep(min(left, _PAUSE_SECONDS))
            else:
                queue.wait_for_messages(min(left, _POLL_SECONDS))

    with ExitStack() as patches:
        patches.enter_context(replaced(Queue, "add_message", add_message))
        patches.enter_context(replaced(Queue, "delete_message", _locked(lock, Queue.delete_message)))
        patches.enter_context(replaced(SQSBackend, "purge_queue", _locked(lock, SQSBackend.purge_queue)))
        patches.enter_context(replaced(SQSBackend, "change_message_visibility", change_message_visibility))
        patches.enter_context(replaced(SQSBackend, "receive_message", receive_message))
        yield listeners


def _locked(lock: AbstractContextManager[Any], upstream: Callable[..., Any]) -> Callable[..., Any]:
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return upstream(*args, **kwargs)

    return locked
