"""Logs measure what they say: by the embedded metric format, and by metric filters.

Upstream defects: neither measures anything; and a filter pattern that is more than one term passes every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any, Final

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.log_patterns.pattern import FilterPattern, PatternError, UnsupportedPatternError
from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.embedded_format import embedded_metrics
from stepweave.local_cloud.metrics.store import MetricStore

_KEPT: Final = 256
_parsed: Final = lru_cache(_KEPT)(FilterPattern.parse)


@contextmanager
def log_metrics(store_of: Callable[[str], MetricStore]) -> Iterator[None]:
    """Measure what is logged until the context ends.

    Parameters
    ----------
    store_of
        Gives where the measurements of a region go.
    """
    upstream_put, upstream_filter = LogsBackend.put_log_events, LogsBackend.put_metric_filter

    def put_log_events(self: Any, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]) -> Any:
        answer = upstream_put(self, log_group_name, log_stream_name, log_events)
        filters = (
            self.filters.get_matching_filters(log_group_name=log_group_name) if self.filters.metric_filters else ()
        )
        data: list[Datum] = []
        for event in log_events:
            at, message = event["timestamp"] / 1000, event["message"]
            data += embedded_metrics(message, at)
            for each in filters:
                data += _filtered(each, message, at)
        if data:
            store_of(self.region_name).record(data)
        return answer

    def put_metric_filter(
        self: Any, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> None:
        _check(filter_pattern)
        self.delete_metric_filter(filter_name, log_group_name)
        upstream_filter(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    with ExitStack() as patches:
        patches.enter_context(replaced(LogsBackend, "put_log_events", put_log_events))
        patches.enter_context(replaced(LogsBackend, "put_metric_filter", put_metric_filter))
        patches.enter_context(replaced(models, "EventMessageFilter", _EventFilter))
        yield


class _EventFilter:
    """Stands for upstream's filter of events."""

    def __init__(self, pattern: str) -> None:
        self._pattern = _check(pattern or "")

    def matches(self, message: str) -> bool:
        return self._pattern.match(message) is not None


def _check(pattern: str) -> FilterPattern:
    try:
        return _parsed(pattern)
    except UnsupportedPatternError as error:
        raise UnsupportedError(f"the filter pattern {pattern!r}: {error}") from error
    except PatternError as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error


def _filtered(metric_filter: Mapping[str, Any], message: str, at: float) -> Iterator[Datum]:
    found = _parsed(metric_filter["filterPattern"]).match(message)
    for each in metric_filter["metricTransformations"]:
        value = each["metricValue"] if found is not None else each.get("defaultValue")
        if found is not None and str(value).startswith("$"):
            value = found.value(str(value))
        dimensions = [
            (name, str(found.value(path))) for name, path in (each.get("dimensions") or {}).items() if found is not None
        ]
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        metric = Metric.of(each["metricNamespace"], each["metricName"], dimensions)
        yield Datum.of_value(metric, at, number, each.get("unit") or "None")
