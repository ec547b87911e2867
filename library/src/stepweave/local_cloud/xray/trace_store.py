"""Keeps what was recorded, until it is asked for."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

from stepweave.local_cloud.batches import Batches
from stepweave.local_cloud.xray.segment import BadSegmentError, Segment, parse_segment
from stepweave.local_cloud.xray.trace import Trace, assemble

TRACES = 2_000
DOCUMENTS_OF_A_TRACE = 10_000

_LOG = logging.getLogger(__name__)


class TraceStore:
    """The traces of an account. Thread-safe. Of too many traces the oldest are forgotten.

    Parameters
    ----------
    traces : int
        How many traces are kept.
    """

    def __init__(self, traces: int = TRACES) -> None:
        self._traces = traces
        self._lock = threading.Lock()
        # Whoever records has no time for more.
        self._unread: Batches[bytes | Segment] = Batches(self._read, "traces")
        # As text, which takes a third of the memory.
        self._documents: OrderedDict[str, list[bytes]] = OrderedDict()

    def put(self, segment: Segment) -> None:
        """Keep a document that is known to be a segment, and is not changed any more."""
        self._unread.put(segment)

    def put_unread(self, document: bytes) -> None:
        """Keep a document of which nobody is told if it is not a segment; it is read when it is quiet, or asked for."""
        self._unread.put(document)

    def get(self, trace_id: str) -> Trace | None:
        """Return a trace as far as it is known."""
        self._unread.flush()
        with self._lock:
            documents = list(self._documents.get(trace_id, ()))
        return _trace(trace_id, documents) if documents else None

    def get_all(self) -> Iterable[Trace]:
        """Return all traces, the oldest first."""
        self._unread.flush()
        with self._lock:
            known = {trace_id: list(documents) for trace_id, documents in self._documents.items()}
        return [_trace(trace_id, documents) for trace_id, documents in known.items()]

    def clear(self) -> None:
        """Forget everything, and return when no thread is left."""
        self._unread.settle()
        with self._lock:
            self._documents.clear()

    def _read(self, unread: list[bytes | Segment]) -> None:
        for document in unread:
            if not isinstance(document, bytes):
                self._keep(document["trace_id"], json.dumps(document, separators=(",", ":")).encode())
            else:
                try:
                    self._keep(parse_segment(document)["trace_id"], document)
                except BadSegmentError as error:
                    _LOG.debug("a segment was dropped: %s", error)
            time.sleep(0)  # lets a task that waits for the interpreter go first

    def _keep(self, trace_id: str, document: bytes) -> None:
        with self._lock:
            documents = self._documents.setdefault(trace_id, [])
            if len(documents) < DOCUMENTS_OF_A_TRACE:
                documents.append(document)
            while len(self._documents) > self._traces:
                self._documents.popitem(last=False)


def _trace(trace_id: str, documents: Iterable[bytes]) -> Trace:
    return assemble(trace_id, [json.loads(document) for document in documents])
