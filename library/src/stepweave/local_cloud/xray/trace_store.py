"""Keeps what was recorded, until it is asked for."""

from __future__ import annotations

import json
import logging
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stepweave.local_cloud.batches import Batches
from stepweave.local_cloud.spool import Filed, Spool
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
        self._spool = Spool()
        self._documents: OrderedDict[str, _Documents] = OrderedDict()

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
            found = self._documents.get(trace_id)
            batches = [] if found is None else list(found.batches)
        return _trace(trace_id, batches) if batches else None

    def get_all(self) -> Iterable[Trace]:
        """Return all traces, the oldest first."""
        self._unread.flush()
        with self._lock:
            known = {trace_id: list(documents.batches) for trace_id, documents in self._documents.items()}
        return [_trace(trace_id, batches) for trace_id, batches in known.items()]

    def clear(self) -> None:
        """Forget everything, and return when no thread is left."""
        self._unread.settle()
        with self._lock:
            self._documents.clear()

    def _read(self, unread: list[bytes | Segment]) -> None:
        read: dict[str, list[bytes]] = {}
        for document in unread:
            if not isinstance(document, bytes):
                text = json.dumps(document, separators=(",", ":")).encode()
                read.setdefault(document["trace_id"], []).append(text)
            else:
                try:
                    read.setdefault(parse_segment(document)["trace_id"], []).append(document)
                except BadSegmentError as error:
                    _LOG.debug("a segment was dropped: %s", error)
            time.sleep(0)  # lets a task that waits for the interpreter go first
        for trace_id, documents in read.items():
            self._keep(trace_id, documents)

    def _keep(self, trace_id: str, documents: list[bytes]) -> None:
        with self._lock:
            known = self._documents.setdefault(trace_id, _Documents())
            del documents[DOCUMENTS_OF_A_TRACE - known.count :]
            if documents:
                known.count += len(documents)
                known.batches.append(self._spool.put(pickle.dumps(documents)))
            while len(self._documents) > self._traces:
                self._documents.popitem(last=False)


@dataclass
class _Documents:
    """The documents of a trace: how many they are, and where they are, as many together as came together."""

    count: int = 0
    batches: list[Filed] = field(default_factory=list)


def _trace(trace_id: str, batches: Iterable[Filed]) -> Trace:
    documents = [one for batch in batches for one in pickle.loads(batch.read())]  # noqa: S301 - nobody else's file
    return assemble(trace_id, [json.loads(document) for document in documents])
