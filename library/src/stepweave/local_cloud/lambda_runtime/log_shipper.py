"""Carries log events to CloudWatch Logs in batches, off the callers' way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from stepweave.local_cloud.batches import Batches
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.log_batch import LogBatch, LogEvent

DeliverLogs = Callable[[LogBatch], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    spec: FunctionSpec
    stream: str
    events: list[LogEvent]


class LogShipper:
    """Gathers events for a moment and delivers them, one batch for each log stream.

    A delivery that fails is reported to this process's log and otherwise forgotten, as a function does not fail
    because of its logs.
    """

    def __init__(self, deliver: DeliverLogs) -> None:
        self._deliver = deliver
        self._batches: Batches[_Entry] = Batches(self._ship, "lambda-logs")

    def put(self, spec: FunctionSpec, stream: str, events: list[LogEvent]) -> None:
        """Queue events of one worker, in order."""
        if events:
            self._batches.put(_Entry(spec, stream, events))

    def flush(self) -> None:
        """Return when all events queued so far are delivered."""
        self._batches.flush()

    def close(self) -> None:
        """Deliver what is queued, and return when no thread is left."""
        self._batches.settle()

    def _ship(self, entries: list[_Entry]) -> None:
        streams: dict[str, list[_Entry]] = {}
        for entry in entries:
            streams.setdefault(entry.stream, []).append(entry)
        for stream, its_entries in streams.items():
            spec = its_entries[0].spec
            events = tuple(event for entry in its_entries for event in entry.events)
            try:
                self._deliver(LogBatch(spec.arn, spec.log_group_name, stream, events, spec.session))
            except Exception:  # noqa: BLE001 - the other streams must go on
                _log.exception("the logs of %s could not be delivered to %s", spec.name, spec.log_group_name)
