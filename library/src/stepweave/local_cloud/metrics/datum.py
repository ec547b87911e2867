"""Measurements, and the metrics that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Dimensions = tuple[tuple[str, str], ...]

NO_UNIT = "None"


@dataclass(frozen=True)
class Metric:
    """What tells one metric from all others.

    Attributes
    ----------
    namespace, name : str
        As ``AWS/Lambda`` and ``Errors``.
    dimensions : tuple of pairs
        Names and values, in order of names.
    """

    namespace: str
    name: str
    dimensions: Dimensions = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Iterable[tuple[str, str]] = ()) -> Metric:
        """The metric with dimensions in any order."""
        return cls(namespace, name, tuple(sorted(dimensions)))


@dataclass(frozen=True)
class Datum:
    """What was measured at a time.

    Attributes
    ----------
    metric : Metric
        Of what.
    at : float
        When, in seconds since the epoch.
    values : mapping
        How often each value was measured; empty if only the statistics are known.
    count, total, minimum, maximum : float
        The statistics of all values.
    unit : str
        The values' unit.
    resolution : int
        To how many seconds `at` is kept: 1 or 60.
    """

    metric: Metric
    at: float
    count: float
    total: float
    minimum: float
    maximum: float
    values: Mapping[float, float] = field(default_factory=dict)
    unit: str = NO_UNIT
    resolution: int = 60

    @classmethod
    def of_values(
        cls, metric: Metric, at: float, values: Mapping[float, float], unit: str = NO_UNIT, resolution: int = 60
    ) -> Datum:
        """The measurement of values, each as often as it says."""
        count = sum(values.values())
        total = sum(value * times for value, times in values.items())
        return cls(metric, at, count, total, min(values), max(values), values, unit, resolution)

    @classmethod
    def of_value(cls, metric: Metric, at: float, value: float, unit: str = NO_UNIT) -> Datum:
        """The measurement of one value."""
        return cls.of_values(metric, at, {value: 1.0}, unit)
