"""Keeps measurements: of each metric the statistics of each minute.

What it keeps is bounded: the statistics of two weeks, and of the 5,000 metrics that were measured last.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.statistic_set import StatisticSet

_HOUR: Final = 3600
_KEPT_SECONDS: Final = 14 * 86_400
_KEPT_PERIODS: Final = 20_160
_KEPT_METRICS: Final = 5_000


@dataclass
class _Series:
    """The statistics of a metric in one unit, by the start of their periods, and these in order; those of hours too.

    An alarm may look at days each minute, and much of what was measured is then summed up already.
    """

    periods: dict[int, StatisticSet] = field(default_factory=dict)
    begins: list[int] = field(default_factory=list)
    hours: dict[int, StatisticSet] = field(default_factory=dict)
    latest: float = 0.0

    def between(self, start: float, end: float, period: int) -> Iterator[tuple[int, StatisticSet]]:
        """Yield what was measured between two times, by whole hours where periods from `start` on are of such."""
        if period % _HOUR == 0 and start % _HOUR == 0 and self.latest < end:
            for hour in range(int(start), int(self.latest) + 1, _HOUR):
                if hour in self.hours:
                    yield hour, self.hours[hour]
            return
        for at in self.begins[bisect_left(self.begins, start) : bisect_left(self.begins, end)]:
            yield at, self.periods[at]

    def drop_oldest(self) -> None:
        """Forget the oldest period, and its hour if nothing else is left of that."""
        oldest = self.begins.pop(0)
        del self.periods[oldest]
        hour = oldest // _HOUR * _HOUR
        if self.begins[0] >= hour + _HOUR:
            self.hours.pop(hour, None)


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
                for at, measured in series.between(start, end, period):
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
            insort(series.begins, begin)
        series.periods[begin].add(datum)
        series.hours.setdefault(begin // _HOUR * _HOUR, StatisticSet()).add(datum)
        if len(series.begins) > _KEPT_PERIODS or series.begins[0] < begin - _KEPT_SECONDS:
            series.drop_oldest()
