"""Statistics, metric math, states of alarms, rules of composite ones, and metrics in logs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.metrics.alarm_rule import AlarmRuleError, holds
from stepweave.local_cloud.metrics.alarm_state import Criterion
from stepweave.local_cloud.metrics.datum import Datum, Metric
from stepweave.local_cloud.metrics.embedded_format import embedded_metrics
from stepweave.local_cloud.metrics.expression import ExpressionError, UnsupportedExpressionError, evaluate
from stepweave.local_cloud.metrics.query import MetricQuery, query_values
from stepweave.local_cloud.metrics.statistic_set import UnknownStatisticError
from stepweave.local_cloud.metrics.store import MetricStore

METRIC = Metric.of("n", "m", [("b", "2"), ("a", "1")])


@pytest.fixture
def store() -> MetricStore:
    store = MetricStore()
    store.record(Datum.of_value(METRIC, at, value) for at, value in ((0, 1.0), (30, 3.0), (61, 8.0), (200, 2.0)))
    return store


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", {0: 4.0, 60: 8.0, 180: 2.0}),
        ("SampleCount", {0: 2.0, 60: 1.0, 180: 1.0}),
        ("Average", {0: 2.0, 60: 8.0, 180: 2.0}),
        ("Minimum", {0: 1.0, 60: 8.0, 180: 2.0}),
        ("p90", {0: 3.0, 60: 8.0, 180: 2.0}),
    ],
)
def test_statistics(store: MetricStore, statistic: str, expected: dict[float, float]) -> None:
    found = store.statistics(METRIC, 0, 300, 60)
    assert {at: measured.statistic(statistic) for at, measured in found.items()} == expected


def test_dimensions_are_told_apart_and_their_order_is_not(store: MetricStore) -> None:
    assert store.statistics(Metric.of("n", "m", [("a", "1"), ("b", "2")]), 0, 300, 300)
    assert not store.statistics(Metric.of("n", "m", [("a", "1")]), 0, 300, 300)
    assert store.metrics() == [METRIC]


def test_an_unknown_statistic_is_refused(store: MetricStore) -> None:
    with pytest.raises(UnknownStatisticError):
        query_values(store, [MetricQuery("a", METRIC, "IQM")], 0, 300)


A, B = {0.0: 1.0, 60.0: 4.0}, {0.0: 2.0}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", {0.0: 3.0}),
        ("100 * a / 4", {0.0: 25.0, 60.0: 100.0}),
        ("a ^ 2 - 1", {0.0: 0.0, 60.0: 15.0}),
        ("-a", {0.0: -1.0, 60.0: -4.0}),
        ("a > 2", {0.0: 0.0, 60.0: 1.0}),
        ("a > 2 OR b == 2", {0.0: 1.0}),
        ("SUM(METRICS())", {0.0: 3.0, 60.0: 4.0}),
        ("MAX([a, b])", {0.0: 2.0, 60.0: 4.0}),
        ("AVG(a)", 2.5),
        ("FILL(b, 0)", {0.0: 2.0, 60.0: 0.0}),
        ("FILL(b, REPEAT)", {0.0: 2.0, 60.0: 2.0}),
        ("IF(a > 2, a, 0)", {0.0: 0, 60.0: 4.0}),
        ("RATE(a)", {60.0: 0.05}),
        ("a / (b - 2)", {}),
        ("a / PERIOD(a)", {0.0: 1 / 60, 60.0: 4 / 60}),
    ],
)
def test_metric_math(expression: str, expected: object) -> None:
    assert evaluate(expression, {"a": A, "b": B}, 60) == expected


@pytest.mark.parametrize("expression", ["SEARCH('x', 'Sum', 60)", "ANOMALY_DETECTION_BAND(a)", "SELECT 1", "a.b"])
def test_math_that_is_not_computed_is_refused(expression: str) -> None:
    with pytest.raises((UnsupportedExpressionError, ExpressionError)):
        evaluate(expression, {"a": A}, 60)


X, O, N = 9.0, 1.0, None  # noqa: E741 - as in AWS's tables


@pytest.mark.parametrize(
    ("values", "states"),
    [  # with missing treated as missing, ignored, breaching, not breaching; three of three, the state now is OK
        ([O, N, X, N, X], ["OK", "OK", "OK", "OK"]),
        ([N, N, N, N, O], ["OK", "OK", "OK", "OK"]),
        ([N, N, N, N, N], ["INSUFFICIENT_DATA", "OK", "ALARM", "OK"]),
        ([O, X, X, N, X], ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ([N, N, X, N, N], ["ALARM", "OK", "ALARM", "OK"]),
    ],
)
def test_states_are_those_of_the_table_in_aws_documentation(values: list[float | None], states: list[str]) -> None:
    series = [(60.0 * number, value) for number, value in enumerate(values)]
    found = [
        Criterion("GreaterThanThreshold", 5.0, 3, 3, missing).state(series, "OK")[0]
        for missing in ("missing", "ignore", "breaching", "notBreaching")
    ]
    assert found == states


def test_some_of_the_periods_are_enough() -> None:
    criterion = Criterion("LessThanOrEqualToThreshold", 1.0, 3, 2)
    state, reason = criterion.state([(0, None), (60, None), (120, O), (180, X), (240, O)], "OK")
    assert state == "ALARM"
    assert "3 out of the last 3 datapoints" in reason
    assert "(minimum 2 datapoints for OK -> ALARM transition)" in reason


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', True),
        ("OK(a) OR ALARM('b')", False),
        ("NOT ALARM(b) AND (ALARM(a) OR FALSE)", True),
        ("INSUFFICIENT_DATA(c)", True),
        ("TRUE", True),
    ],
)
def test_rules_of_composite_alarms(rule: str, expected: bool) -> None:
    states = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA"}
    assert holds(rule, states.__getitem__) is expected


@pytest.mark.parametrize("rule", ["ALARM", "(TRUE", "TRUE TRUE", "maybe", ""])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(AlarmRuleError):
        holds(rule, lambda _: "")


def test_metrics_are_read_from_logs() -> None:
    definitions = [{"Name": "n", "Unit": "Count"}, {"Name": "text"}]
    directive = {"Namespace": "shop", "Dimensions": [["s"], ["s", "gone"]], "Metrics": definitions}
    event = {"_aws": {"Timestamp": 5000, "CloudWatchMetrics": [directive]}, "s": "a", "n": [1, 2.5], "text": "x"}
    (datum,) = embedded_metrics(json.dumps(event), 1.0)
    assert datum.metric == Metric.of("shop", "n", [("s", "a")])
    assert (datum.at, datum.total, datum.count, datum.unit) == (5.0, 3.5, 2.0, "Count")


@pytest.mark.parametrize("message", ["text", '{"_aws": 1}', '{"_aws": {"CloudWatchMetrics": [{}]}}', '{"_aws"'])
def test_what_measures_nothing_is_left(message: str) -> None:
    assert embedded_metrics(message, 0.0) == []


@given(
    st.lists(st.tuples(st.integers(0, 5 * 3600), st.integers(1, 9)), max_size=30),
    st.sampled_from([60, 300, 3600, 7200]),
    st.integers(0, 5),
    st.integers(1, 6 * 3600),
)
def test_hours_that_are_summed_up_already_say_the_same(
    measured: list[tuple[int, int]], period: int, first_hour: int, seconds: int
) -> None:
    store, metric = MetricStore(), Metric.of("n", "m", [])
    store.record(Datum.of_value(metric, at, float(value)) for at, value in measured)
    start, end = first_hour * 3600, first_hour * 3600 + seconds
    expected: dict[float, list[float]] = {}
    for at, value in measured:
        minute = at // 60 * 60
        if start <= minute < end:
            expected.setdefault(start + (minute - start) // period * period, []).append(float(value))
    found = store.statistics(metric, start, end, period)
    assert {at: (each.count, each.maximum) for at, each in found.items()} == {
        at: (len(values), max(values)) for at, values in sorted(expected.items())
    }
