"""Log events wait in a file until somebody reads them.

Upstream defect: all that was ever logged stays in memory, an object and a dictionary for each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.logs.models import LogEvent, LogStream

from stepweave.local_cloud.adapters.patch import added
from stepweave.local_cloud.spool import Filed, Spool

_FIELDS: Final = ("ingestion_time", "timestamp", "message", "event_id")


@contextmanager
def filed_log_events() -> Iterator[None]:
    """File the events of streams that are made from now on."""
    spool = Spool()

    def get(stream: Any) -> _FiledEvents:
        events: _FiledEvents = vars(stream)["events"]
        return events

    def set_(stream: Any, events: Iterable[LogEvent]) -> None:
        vars(stream)["events"] = events if isinstance(events, _FiledEvents) else _FiledEvents(spool, events)

    with added(LogStream, "events", property(get, set_)):
        yield


class _FiledEvents:
    """As much of a list of events as upstream uses of it."""

    __slots__ = ("_batches", "_length", "_spool")

    def __init__(self, spool: Spool, events: Iterable[LogEvent]) -> None:
        self._spool = spool
        self._batches: list[Filed] = []
        self._length = 0
        self += events

    def __iadd__(self, events: Iterable[LogEvent]) -> _FiledEvents:
        rows = [[getattr(event, name) for name in _FIELDS] for event in events]
        if rows:
            self._batches.append(self._spool.put(json.dumps(rows).encode()))
            self._length += len(rows)
        return self

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[LogEvent]:
        for batch in list(self._batches):
            for row in json.loads(batch.read()):
                event = LogEvent.__new__(LogEvent)
                vars(event).update(zip(_FIELDS, row, strict=True))
                yield event
