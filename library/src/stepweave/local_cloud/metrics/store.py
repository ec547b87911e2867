"""Keeps measurements: of each metric the statistics of each minute.

What it keeps is bounded: the statistics of two weeks, and of the 5,000 metrics that were measured last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.statistic_set import StatisticSet

_KEPT_SECONDS: Final = 14 * 86_400
_KEPT_PERIODS: Final = 20_160
_KEPT_METRICS: Final = 5_000


@dataclass
class _Series:
    """The statistics of a metric in one unit, by the start of their periods."""

    periods: dict[int, StatisticSet] = field(default_factory=dict)
    latest: float = 0.0


class MetricStore:
    """Keeps measurements. Thread-safe.

    Attributes
    ----------
    on_change : callable
        Called with the metrics that were measured.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[Metric, dict[str, _Series]] = {}
        self.on_change: Callable[[set[Metric]], None] = lambda _: None

    def record(self, data: Iterable[Datum]) -> None:
        """Keep what was measured."""
        changed: set[Metric] = set()
        with self._lock:
            for datum in data:
                changed.add(datum.metric)
                self._keep(datum)
        if changed:
            self.on_change(changed)

    def metrics(self, since: float = 0.0) -> list[Metric]:
        """Return the metrics that were measured since a time, in the order in which they came up."""
        with self._lock:
            return [
                metric
                for metric, units in self._series.items()
                if max(series.latest for series in units.values()) >= since
            ]

    def statistics(
        self, metric: Metric, start: float, end: float, period: int, unit: str | None = None
    ) -> dict[float, StatisticSet]:
        """Return the statistics of the periods between two times, by their starts; of none if nothing was measured.

        Parameters
        ----------
        metric
            Of what.
        start, end
            Seconds since the epoch; the first period begins at `start`.
        period
            In seconds.
        unit
            Count only measurements in this unit.
        """
        found: dict[float, StatisticSet] = {}
        with self._lock:
            units = self._series.get(metric, {})
            for name, series in units.items():
                if unit is not None and name != unit:
                    continue
                for at, measured in series.periods.items():
                    if start <= at < end:
                        begin = start + (at - start) // period * period
                        found.setdefault(begin, StatisticSet()).add(measured)
        return dict(sorted(found.items()))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._series.clear()

    def _keep(self, datum: Datum) -> None:
        units = self._series.get(datum.metric)
        if units is None:
            units = self._series[datum.metric] = {}
            while len(self._series) > _KEPT_METRICS:
                del self._series[next(iter(self._series))]
        series = units.setdefault(datum.unit, _Series())
        begin = int(datum.at // datum.resolution * datum.resolution)
        series.latest = max(series.latest, datum.at)
        if begin not in series.periods:
            series.periods[begin] = StatisticSet()
            for old in _old(series.periods, begin - _KEPT_SECONDS):
                del series.periods[old]
        series.periods[begin].add(datum)


def _old(periods: dict[int, StatisticSet], limit: int) -> Iterator[int]:
    if len(periods) > _KEPT_PERIODS:
        yield from [min(periods)]
    elif (first := next(iter(periods))) < limit:
        yield first
