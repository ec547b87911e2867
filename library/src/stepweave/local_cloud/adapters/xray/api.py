"""The X-Ray API gives back what was recorded.

Upstream defects: traces are found by times to the second and by nothing else: a filter expression is an internal error,
summaries bear no annotations, subsegments that come by themselves are refused, and the service graph is empty.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.xray.responses import XRayResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.xray.filter_expression import FilterExpressionError, parse_filter
from stepweave.local_cloud.xray.segment import BadSegmentError, parse_segment
from stepweave.local_cloud.xray.service_graph import service_graph
from stepweave.local_cloud.xray.summary import full_trace, trace_summary
from stepweave.local_cloud.xray.trace import Trace
from stepweave.local_cloud.xray.trace_store import TraceStore

_LONGEST_RANGE_SECONDS: Final = 24 * 3600
_TRACES_AT_ONCE: Final = 5

Answer = str | tuple[str, dict[str, int]]


class _InvalidRequestError(Exception):
    """The call is refused."""


@contextmanager
def xray_api(store: TraceStore) -> Iterator[None]:
    """Answer calls of the X-Ray API from a store."""

    def trace_segments(self: Any) -> Answer:
        unprocessed = []
        for document in self._get_param("TraceSegmentDocuments") or []:
            try:
                store.put(parse_segment(document))
            except BadSegmentError as error:
                unprocessed.append({"Id": error.segment_id, "ErrorCode": error.code, "Message": str(error)})
        return json.dumps({"UnprocessedTraceSegments": unprocessed})

    def trace_summaries(self: Any) -> Answer:
        expression = self._get_param("FilterExpression")
        matches = parse_filter(expression) if expression else lambda _: True
        found = [trace for trace in _in_range(self, store) if matches(trace)]
        answer = {
            "TraceSummaries": [trace_summary(trace, self.current_account) for trace in found],
            "ApproximateTime": time.time(),
            "TracesProcessedCount": len(found),
        }
        return json.dumps(answer)

    def traces(self: Any) -> Answer:
        ids = _trace_ids(self)
        found = {trace_id: store.get(trace_id) for trace_id in ids}
        answer = {
            "Traces": [full_trace(trace) for trace in found.values() if trace is not None],
            "UnprocessedTraceIds": [trace_id for trace_id, trace in found.items() if trace is None],
        }
        return json.dumps(answer)

    def graph(self: Any) -> Answer:
        start, end = _time_range(self)
        services = service_graph(_in_range(self, store), self.current_account)
        answer = {"StartTime": start, "EndTime": end, "Services": services, "ContainsOldGroupVersions": False}
        return json.dumps(answer)

    def trace_graph(self: Any) -> Answer:
        found = [trace for trace_id in _trace_ids(self) if (trace := store.get(trace_id)) is not None]
        return json.dumps({"Services": service_graph(found, self.current_account)})

    with ExitStack() as patches:
        for name, method in (
            ("trace_segments", trace_segments),
            ("trace_summaries", trace_summaries),
            ("traces", traces),
            ("service_graph", graph),
            ("trace_graph", trace_graph),
        ):
            patches.enter_context(replaced(XRayResponse, name, _refusing(method)))
        yield


def _refusing(method: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def answer(self: Any) -> Answer:
        try:
            return method(self)
        except (_InvalidRequestError, FilterExpressionError) as error:
            body = {"__type": "InvalidRequestException", "Message": str(error)}
            return json.dumps(body), {"status": 400}

    return answer


def _in_range(response: Any, store: TraceStore) -> list[Trace]:
    start, end = _time_range(response)
    if response._get_param("TimeRangeType") in {"Event", "Service"}:  # noqa: SLF001 - upstream's own seam
        return [trace for trace in store.get_all() if trace.start <= end and trace.end >= start]
    return [trace for trace in store.get_all() if start <= trace.start <= end]


def _time_range(response: Any) -> tuple[float, float]:
    try:
        start, end = (float(response._get_param(name)) for name in ("StartTime", "EndTime"))  # noqa: SLF001
    except (TypeError, ValueError) as error:
        raise _InvalidRequestError("StartTime and EndTime must be given, in seconds since the epoch") from error
    if end < start:
        raise _InvalidRequestError("EndTime must not be before StartTime")
    if end - start > _LONGEST_RANGE_SECONDS:
        raise _InvalidRequestError("The time range must not be longer than 24 hours")
    return start, end


def _trace_ids(response: Any) -> list[str]:
    ids = response._get_param("TraceIds")  # noqa: SLF001 - upstream's own seam
    if not isinstance(ids, list) or not ids:
        raise _InvalidRequestError("TraceIds must be given")
    if len(ids) > _TRACES_AT_ONCE:
        raise _InvalidRequestError(f"no more than {_TRACES_AT_ONCE} traces can be asked for at once")
    return list(dict.fromkeys(map(str, ids)))
