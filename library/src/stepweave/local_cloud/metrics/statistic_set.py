"""Statistics of what was measured in a period."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

from stepweave.local_cloud.metrics.datum import Datum

_PERCENTILE: Final = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_MOST_VALUES: Final = 500
"""Values of a minute that are told apart, for percentiles."""


class UnknownStatisticError(ValueError):
    """A statistic is not one of those that are computed here."""


@dataclass
class StatisticSet:
    """All statistics of some measurements.

    Attributes
    ----------
    count, total, minimum, maximum : float
        Of all of them.
    values : dict
        How often each value was measured.
    unit : str
        The unit of the last one.
    """

    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    values: dict[float, float] = field(default_factory=dict)
    unit: str = "None"

    def add(self, other: Datum | StatisticSet) -> None:
        """Count in other measurements."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.unit = other.unit
        for value, times in other.values.items():
            if value in self.values or len(self.values) < _MOST_VALUES:
                self.values[value] = self.values.get(value, 0.0) + times

    def statistic(self, name: str) -> float:
        """Return a statistic by its name in CloudWatch.

        Raises
        ------
        UnknownStatisticError
            If it is none of ``SampleCount``, ``Sum``, ``Average``, ``Minimum``, ``Maximum`` and percentiles as ``p99``.

        Example
        -------
        >>> from stepweave.local_cloud.metrics.datum import Metric
        >>> measured = StatisticSet()
        >>> measured.add(Datum.of_values(Metric("n", "m"), 0.0, {1.0: 3.0, 5.0: 1.0}))
        >>> measured.statistic("Average"), measured.statistic("p50"), measured.statistic("p100")
        (2.0, 1.0, 5.0)
        """
        match name:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
        check_statistic(name)
        return self._percentile(float(name[1:]))

    def _percentile(self, percent: float) -> float:
        wanted, seen = percent / 100 * sum(self.values.values()), 0.0
        for value in sorted(self.values):
            seen += self.values[value]
            if seen >= wanted:
                return value
        return self.maximum


def check_statistic(name: str) -> None:
    """Raise `UnknownStatisticError` unless a statistic can be computed."""
    if name not in {"SampleCount", "Sum", "Average", "Minimum", "Maximum"} and not _PERCENTILE.fullmatch(name):
        raise UnknownStatisticError(name)
