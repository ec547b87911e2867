"""The API of metrics, upon one store of what was measured.

Upstream defects: queries look at all that was ever measured, one by one; dimensions match in part; statistics know no
percentiles; expressions are not computed, but for those that are the name of another query; and what is measured is
kept for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.metrics.datum import NO_UNIT, Datum, Metric
from stepweave.local_cloud.metrics.expression import ExpressionError, UnsupportedExpressionError
from stepweave.local_cloud.metrics.query import MetricQuery, query_values
from stepweave.local_cloud.metrics.statistic_set import StatisticSet, UnknownStatisticError, check_statistic
from stepweave.local_cloud.metrics.store import MetricStore

_MOST_POINTS: Final = 1_440
_LISTED_SECONDS: Final = 14 * 86_400
_RESERVED: Final = "AWS/"

StoreOf = Callable[[str], MetricStore]


@contextmanager
def metric_api(store_of: StoreOf, sample: Callable[[], None]) -> Iterator[None]:  # noqa: C901 - one function for each of upstream's
    """Answer by the store until the context ends.

    Parameters
    ----------
    store_of
        Gives what was measured in a region.
    sample
        Measures what is to be measured now and then.
    """

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        if namespace.startswith(_RESERVED):
            raise InvalidParameterValue(f"The value {_RESERVED} for parameter Namespace is invalid.")
        for number, datum in enumerate(metric_data, 1):
            self._validate_parameters_put_metric_data(datum, number)
        store_of(self.region_name).record(_datum(namespace, datum) for datum in metric_data)

    def get_metric_data(
        self: Any, queries: list[dict[str, Any]], start_time: datetime, end_time: datetime, scan_by: str
    ) -> list[dict[str, Any]]:
        sample()
        start, end = _seconds(start_time), _seconds(end_time)
        if start > end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        if start == end:
            raise ValidationError("The parameter StartTime must not equal parameter EndTime.")
        asked = [MetricQuery.of_settings(query) for query in queries]
        with _refusals():
            values = query_values(store_of(self.region_name), asked, start // 60 * 60, end)
        results = []
        for query in asked:
            found = values[query.id]
            for number, series in enumerate(found if isinstance(found, list) else [found]):
                if query.returns_data:
                    times = sorted(series, reverse=scan_by != "TimestampAscending")
                    label = query.label or (query.metric.name if query.metric else query.id)
                    results.append(
                        {
                            "id": query.id,
                            "label": f"{label} {number}" if isinstance(found, list) else label,
                            "values": [series[at] for at in times],
                            "timestamps": [datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in times],
                            "status_code": "Complete",
                        }
                    )
        return results

    def get_metric_statistics(self: Any) -> ActionResult:
        sample()
        parameters = self._get_params()
        names = [*(parameters.get("Statistics") or ()), *(parameters.get("ExtendedStatistics") or ())]
        if not names:
            raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
        start, end = _seconds(parameters["StartTime"]), _seconds(parameters["EndTime"])
        period = int(parameters["Period"])
        _check_range(start, end, period)
        dimensions = [(each["Name"], each["Value"]) for each in parameters.get("Dimensions") or ()]
        metric = Metric.of(parameters["Namespace"], parameters["MetricName"], dimensions)
        found = store_of(self.region).statistics(metric, start // 60 * 60, end, period, parameters.get("Unit"))
        with _refusals():
            points = [_point(at, measured, names) for at, measured in found.items()]
        return ActionResult({"Label": metric.name, "Datapoints": points})

    def get_filtered_metrics(
        self: Any, metric_name: str | None, namespace: str | None, dimensions: list[dict[str, str]]
    ) -> list[dict[str, Any]]:
        sample()
        since = engine_time.now().timestamp() - _LISTED_SECONDS
        return [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            }
            for metric in store_of(self.region_name).metrics(since)
            if (not namespace or metric.namespace == namespace)
            and (not metric_name or metric.name == metric_name)
            and all(_has(metric, each) for each in dimensions or ())
        ]

    with ExitStack() as patches:
        for replacement in (put_metric_data, get_metric_data, get_filtered_metrics):
            patches.enter_context(replaced(CloudWatchBackend, replacement.__name__, replacement))
        patches.enter_context(replaced(CloudWatchResponse, "get_metric_statistics", get_metric_statistics))
        yield


@contextmanager
def _refusals() -> Iterator[None]:
    """Refuse as AWS does what is no expression, and by name what is not computed here."""
    try:
        yield
    except UnknownStatisticError as error:
        raise UnsupportedError(f"the statistic {error}") from error
    except UnsupportedExpressionError as error:
        raise UnsupportedError(f"metric math with {error}") from error
    except ExpressionError as error:
        raise ValidationError(str(error)) from error


def check_queries(queries: list[MetricQuery]) -> None:
    """Refuse queries that cannot be computed. Raises `UnsupportedError`, or what AWS would."""
    with _refusals():
        for query in queries:
            if query.metric is not None:
                check_statistic(query.statistic)
        query_values(MetricStore(), queries, 0, 60)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _has(metric: Metric, dimension: Mapping[str, str]) -> bool:
    name, value = dimension["Name"], dimension.get("Value")
    return any(key == name and value in {None, each} for key, each in metric.dimensions)


def _check_range(start: float, end: float, period: int) -> None:
    if start >= end:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    if period not in {1, 5, 10, 20, 30} and (period < 60 or period % 60):
        raise InvalidParameterValue("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    points = int((end - start) / period)
    if points > _MOST_POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {points} datapoints, which exceeds the limit of {_MOST_POINTS}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range."
        )


def _point(at: float, measured: StatisticSet, names: list[str]) -> dict[str, Any]:
    values = {name: measured.statistic(name) for name in names}
    extended = {name: value for name, value in values.items() if name.startswith("p")}
    return {
        "Timestamp": datetime.fromtimestamp(at, UTC).replace(tzinfo=None),
        "Unit": measured.unit,
        **{name: value for name, value in values.items() if name not in extended},
        **({"ExtendedStatistics": extended} if extended else {}),
    }


def _datum(namespace: str, given: Mapping[str, Any]) -> Datum:
    dimensions = [(each["Name"], each["Value"]) for each in given.get("Dimensions") or ()]
    metric = Metric.of(namespace, given["MetricName"], dimensions)
    at = _seconds(given["Timestamp"]) if given.get("Timestamp") else engine_time.now().timestamp()
    unit, resolution = given.get("Unit") or NO_UNIT, 1 if given.get("StorageResolution") == 1 else 60
    if statistics := given.get("StatisticValues"):
        count, total, least, most = (float(statistics[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
        return Datum(metric, at, count, total, least, most, unit=unit, resolution=resolution)
    values: dict[float, float] = {}
    counts = given.get("Counts") or [1.0] * len(given.get("Values") or ())
    for value, times in zip(given.get("Values") or [given.get("Value", 0.0)], counts or [1.0], strict=True):
        values[float(value)] = values.get(float(value), 0.0) + float(times)
    return Datum.of_values(metric, at, values, unit, resolution)
