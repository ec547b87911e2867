"""Takes messages from a queue and hands them to a function, as Lambda's pollers do."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from stepweave.local_cloud.event_sources.batch_outcome import failed_messages
from stepweave.local_cloud.event_sources.mapping import QueueMapping
from stepweave.local_cloud.event_sources.message import ReceivedMessage
from stepweave.local_cloud.lambda_runtime.invocation import (
    SYNCHRONOUS_PAYLOAD_BYTES,
    InvocationRefused,
    InvocationResult,
)

_LOG = logging.getLogger(__name__)
_LARGEST_POOL = 1000

InvokeFunction = Callable[[str, bytes], InvocationResult]
"""Calls a function, by its ARN, with an event; may raise `InvocationRefused`."""


class MessageSource(Protocol):
    """The queue."""

    def receive(self, count: int) -> list[ReceivedMessage]:
        """Take at most `count` messages, and hide them for the queue's visibility timeout; does not wait."""

    def delete(self, messages: Sequence[ReceivedMessage]) -> None:
        """Delete messages that were received; those that are gone already are left."""

    def seconds_until_next(self) -> float | None:
        """Return how long it takes until a message that is hidden now can be received; None if there is none."""

    def matches(self, message: ReceivedMessage, patterns: Sequence[str]) -> bool:
        """Tell whether a message matches one of the patterns."""


class QueuePoller:
    """One mapping at work. It waits for something to happen rather than look every so often: see `wake`.

    Parameters
    ----------
    source
        The queue.
    settings
        Returns the mapping's settings as they are now.
    invoke
        Calls the function.
    """

    def __init__(self, source: MessageSource, settings: Callable[[], QueueMapping], invoke: InvokeFunction) -> None:
        self._source = source
        self._settings = settings
        self._invoke = invoke
        self._is_open = True
        self._running = 0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._executor = ThreadPoolExecutor(_LARGEST_POOL, thread_name_prefix="queue-batch")
        self._thread = threading.Thread(target=self._run, name="queue-poller", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look again: a message was sent or can be seen again, or the settings changed."""
        self._woken.set()

    def close(self) -> None:
        """Take no more messages. Batches that are being processed are not waited for, but by `join`."""
        self._is_open = False
        self.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Return when the batches of a poller that was closed are processed and no thread is left."""
        self._thread.join()
        self._executor.shutdown()

    def _run(self) -> None:
        while self._is_open:
            self._woken.clear()
            try:
                has_taken = self._take_batch()
                wait = None if has_taken else self._seconds_to_wait()
            except Exception:  # noqa: BLE001 - the mapping must outlive whatever is wrong with its queue now
                _LOG.exception("messages could not be received for %s", self._settings().function_arn)
                has_taken, wait = False, None
            if not has_taken:
                self._woken.wait(wait)

    def _take_batch(self) -> bool:
        settings = self._settings()
        if not settings.is_enabled or self._running >= settings.maximum_concurrency:
            return False
        batch = self._source.receive(settings.batch_size)
        if not batch:
            return False
        self._gather(batch, settings)
        with self._lock:
            self._running += 1
        self._executor.submit(self._process, batch, settings)
        return True

    def _gather(self, batch: list[ReceivedMessage], settings: QueueMapping) -> None:
        """Wait for more messages, as long as the batching window lasts."""
        end = time.monotonic() + settings.batching_window_seconds
        while self._is_open and len(batch) < settings.batch_size and (left := end - time.monotonic()) > 0:
            self._woken.clear()
            more = self._source.receive(settings.batch_size - len(batch))
            batch += more
            if not more:
                soonest = self._source.seconds_until_next()
                self._woken.wait(left if soonest is None else min(left, soonest))

    def _seconds_to_wait(self) -> float | None:
        settings = self._settings()
        if not settings.is_enabled or self._running >= settings.maximum_concurrency:
            return None
        return self._source.seconds_until_next()

    def _process(self, batch: list[ReceivedMessage], settings: QueueMapping) -> None:
        try:
            wanted = [m for m in batch if not settings.patterns or self._source.matches(m, settings.patterns)]
            if len(wanted) < len(batch):
                kept = {message.message_id for message in wanted}
                self._source.delete([message for message in batch if message.message_id not in kept])
            if wanted:
                self._call(wanted, settings)
        except Exception:  # noqa: BLE001 - nobody waits for the batch
            if self._is_open:
                _LOG.exception("a batch of messages for %s was given up", settings.function_arn)
        finally:
            with self._lock:
                self._running -= 1
            self.wake()

    def _call(self, batch: list[ReceivedMessage], settings: QueueMapping) -> None:
        records = [message.to_record(settings.queue_arn) for message in batch]
        payload = json.dumps({"Records": records}, separators=(",", ":")).encode()
        if len(payload) > SYNCHRONOUS_PAYLOAD_BYTES and len(batch) > 1:
            half = len(batch) // 2
            self._call(batch[:half], settings)
            self._call(batch[half:], settings)
            return
        try:
            result = self._invoke(settings.function_arn, payload)
        except InvocationRefused as refused:
            # Nothing is deleted, so that they can be received again when their visibility timeout is over.
            _LOG.debug("%s did not take a batch of messages: %s", settings.function_arn, refused.message)
            return
        failed = failed_messages(
            result,
            [message.message_id for message in batch],
            reports_item_failures=settings.reports_item_failures,
        )
        self._source.delete([message for message in batch if message.message_id not in failed])
