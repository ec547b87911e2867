"""Queries for the values of metrics, and of expressions of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stepweave.local_cloud.metrics.datum import Metric
from stepweave.local_cloud.metrics.expression import Series, evaluate
from stepweave.local_cloud.metrics.store import MetricStore


@dataclass(frozen=True)
class MetricQuery:
    """One query.

    Attributes
    ----------
    id : str
        The name by which expressions speak of it.
    metric : Metric or None
        What is asked for, if it is a metric.
    statistic : str
        Of it.
    period : int
        In seconds.
    unit : str or None
        Count only measurements in this unit.
    expression : str
        What is asked for, if it is an expression.
    returns_data : bool
        Whether it is of interest, or only for other expressions.
    label : str
        What people call it.
    """

    id: str
    metric: Metric | None = None
    statistic: str = "Average"
    period: int = 60
    unit: str | None = None
    expression: str = ""
    returns_data: bool = True
    label: str = ""

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> MetricQuery:
        """The query that the API's ``MetricDataQuery`` describes."""
        stat = settings.get("MetricStat")
        common: dict[str, Any] = {
            "returns_data": settings.get("ReturnData") is not False,
            "label": settings.get("Label") or "",
        }
        if not stat:
            period = int(settings.get("Period") or 60)
            return cls(settings["Id"], expression=settings["Expression"], period=period, **common)
        metric = stat["Metric"]
        dimensions = [(each["Name"], each["Value"]) for each in metric.get("Dimensions") or ()]
        return cls(
            settings["Id"],
            Metric.of(metric["Namespace"], metric["MetricName"], dimensions),
            stat["Stat"],
            int(stat["Period"]),
            stat.get("Unit"),
            **common,
        )


def query_values(
    store: MetricStore, queries: Sequence[MetricQuery], start: float, end: float
) -> dict[str, Series | list[Series]]:
    """Return the values of queries between two times, by their ids.

    Raises
    ------
    UnknownStatisticError
        If a statistic is not computed here.
    ExpressionError, UnsupportedExpressionError
        If an expression is none, or not computed here.
    """
    values: dict[str, Series] = {}
    for query in queries:
        if query.metric is not None:
            found = store.statistics(query.metric, start, end, query.period, query.unit)
            values[query.id] = {at: measured.statistic(query.statistic) for at, measured in found.items()}
    results: dict[str, Series | list[Series]] = {**values}
    waiting = [query for query in queries if query.metric is None]
    period = max([query.period for query in queries if query.metric is not None], default=60)
    while waiting:
        # An expression may speak of another one that comes after it.
        query = next((each for each in waiting if not _names_any(each, waiting)), waiting[0])
        waiting.remove(query)
        value = evaluate(query.expression, values, period)
        if isinstance(value, list):
            results[query.id] = value
        else:
            times = sorted({at for series in values.values() for at in series})
            results[query.id] = values[query.id] = value if isinstance(value, dict) else dict.fromkeys(times, value)
    return results


def _names_any(query: MetricQuery, others: Sequence[MetricQuery]) -> bool:
    return any(other is not query and other.id in query.expression for other in others)
