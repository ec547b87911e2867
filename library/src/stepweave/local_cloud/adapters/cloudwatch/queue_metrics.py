"""SQS measures queues: the namespace ``AWS/SQS``.

Upstream defect: it measures nothing. What a queue holds is measured each minute, all else when it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.utils import unix_time_millis
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.store import MetricStore

NAMESPACE: Final = "AWS/SQS"
_UNITS: Final = {"SentMessageSize": "Bytes", "ApproximateAgeOfOldestMessage": "Seconds"}

StoreOf = Callable[[str], MetricStore]


@contextmanager
def queue_metrics(store_of: StoreOf) -> Iterator[Callable[[], None]]:
    """Measure queues until the context ends, and give what measures what they hold.

    Parameters
    ----------
    store_of
        Gives where the measurements of a region go.
    """
    upstream_add, upstream_delete = Queue.add_message, Queue.delete_message
    upstream_receive = SQSBackend.receive_message

    def add_message(self: Any, message: Message) -> None:
        upstream_add(self, message)
        _record(store_of, self, {"NumberOfMessagesSent": 1.0, "SentMessageSize": float(len(message.body.encode()))})

    def delete_message(self: Any, receipt_handle: str) -> None:
        upstream_delete(self, receipt_handle)
        _record(store_of, self, {"NumberOfMessagesDeleted": 1.0})

    def receive_message(self: Any, queue_name: str, *arguments: Any, **options: Any) -> list[Message]:
        messages: list[Message] = upstream_receive(self, queue_name, *arguments, **options)
        name = "NumberOfMessagesReceived" if messages else "NumberOfEmptyReceives"
        _record(store_of, self.get_queue(queue_name), {name: float(len(messages) or 1)})
        return messages

    with ExitStack() as patches:
        patches.enter_context(replaced(Queue, "add_message", add_message))
        patches.enter_context(replaced(Queue, "delete_message", delete_message))
        patches.enter_context(replaced(SQSBackend, "receive_message", receive_message))
        yield lambda: _sample(store_of)


def _sample(store_of: StoreOf) -> None:
    for account in list(sqs_backends.values()):
        for backend in list(account.values()):
            for queue in list(backend.queues.values()):
                now = unix_time_millis(engine_time.now().replace(tzinfo=None))
                sent = [float(message.sent_timestamp) for message in list(queue._messages)]  # noqa: SLF001
                held = {
                    "ApproximateNumberOfMessagesVisible": float(queue.approximate_number_of_messages),
                    "ApproximateNumberOfMessagesNotVisible": float(queue.approximate_number_of_messages_not_visible),
                    "ApproximateNumberOfMessagesDelayed": float(queue.approximate_number_of_messages_delayed),
                }
                if sent:
                    held["ApproximateAgeOfOldestMessage"] = max(0.0, (now - min(sent)) / 1000)
                _record(store_of, queue, held)


def _record(store_of: StoreOf, queue: Queue, values: Mapping[str, float]) -> None:
    at = engine_time.now().timestamp()
    dimensions = [("QueueName", queue.name)]
    store_of(queue.region).record(
        Datum.of_value(Metric.of(NAMESPACE, name, dimensions), at, value, _UNITS.get(name, "Count"))
        for name, value in values.items()
    )
