"""Carries log events to CloudWatch Logs in batches, off the callers' way."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from scripts.local_cloud.lambda_runtime.function_spec import FunctionSpec
from scripts.local_cloud.lambda_runtime.log_batch import LogBatch, LogEvent

BATCH_SECONDS = 0.25
FLUSH_SECONDS = 30.0

DeliverLogs = Callable[[LogBatch], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    spec: FunctionSpec
    stream: str
    events: list[LogEvent]


class LogShipper:
    """A thread that gathers events for a moment and delivers them, one batch for each log stream.

    A delivery that fails is reported to this process's log and otherwise forgotten, as a function does not fail
    because of its logs.
    """

    def __init__(self, deliver: DeliverLogs) -> None:
        self._deliver = deliver
        self._queue: queue.SimpleQueue[_Entry | threading.Event | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lambda-logs", daemon=True)
        self._thread.start()

    def put(self, spec: FunctionSpec, stream: str, events: list[LogEvent]) -> None:
        """Queue events of one worker, in order."""
        if events:
            self._queue.put(_Entry(spec, stream, events))

    def flush(self) -> None:
        """Return when all events queued so far are delivered."""
        delivered = threading.Event()
        self._queue.put(delivered)
        self._hurry.set()
        delivered.wait(FLUSH_SECONDS)

    def close(self) -> None:
        """Deliver what is queued, and end the thread."""
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        is_open = True
        while is_open:
            items = [self._queue.get()]
            self._hurry.wait(BATCH_SECONDS)
            self._hurry.clear()
            while not self._queue.empty():
                items.append(self._queue.get())
            is_open = None not in items
            self._ship([item for item in items if isinstance(item, _Entry)])
            for item in items:
                if isinstance(item, threading.Event):
                    item.set()

    def _ship(self, entries: list[_Entry]) -> None:
        streams: dict[str, list[_Entry]] = {}
        for entry in entries:
            streams.setdefault(entry.stream, []).append(entry)
        for stream, its_entries in streams.items():
            spec = its_entries[0].spec
            events = tuple(event for entry in its_entries for event in entry.events)
            try:
                self._deliver(LogBatch(spec.arn, spec.log_group_name, stream, events))
            except Exception:  # noqa: BLE001 - the other streams must go on
                _log.exception("the logs of %s could not be delivered to %s", spec.name, spec.log_group_name)
