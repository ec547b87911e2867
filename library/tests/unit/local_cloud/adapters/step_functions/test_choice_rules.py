"""How ``Choice`` states choose."""

from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.choice_rules import choice_rules, holds
from stepweave.local_cloud.adapters.step_functions.json_paths import json_paths
from tests.unit.local_cloud.adapters.conftest import jsonata

OTHER_TYPES: list[Any] = [None, True, 0, 1.5, "", "a", [], {}]
EARLY, SAME, LATE = "2024-01-01T01:59:59.999Z", "2024-01-01T04:00:00+02:00", "2024-01-01T02:00:00.001Z"
NOON = "2024-01-01T02:00:00Z"


@pytest.mark.parametrize(
    ("kind", "low", "same", "high", "value"),
    [
        ("String", "a", "b", "c", "b"),
        ("Numeric", -1, 2.0, 3.5, 2),
        ("Timestamp", EARLY, SAME, LATE, NOON),
        ("String", "A", "\U0001f600", "\uffff", "\U0001f600"),  # ordered by the units of UTF-16
    ],
)
def test_what_is_ordered_is_compared_by_its_order(kind: str, low: Any, same: Any, high: Any, value: Any) -> None:
    for suffix in ("", "Path"):
        for left, equals, less in ((low, False, True), (same, True, False), (high, False, False)):
            assert holds(f"{kind}Equals{suffix}", left, value) is equals
            assert holds(f"{kind}LessThan{suffix}", left, value) is less
            assert holds(f"{kind}LessThanEquals{suffix}", left, value) is (less or equals)
            assert holds(f"{kind}GreaterThan{suffix}", left, value) is (not less and not equals)
            assert holds(f"{kind}GreaterThanEquals{suffix}", left, value) is (not less)


@pytest.mark.parametrize(
    ("comparison", "other", "equal"),
    [
        ("StringEquals", "x", str),
        ("NumericEquals", 7, int),
        ("BooleanEquals", False, bool),
        ("TimestampEquals", NOON, str),
    ],
)
def test_values_of_another_type_are_never_equal(comparison: str, other: Any, equal: type) -> None:
    assert holds(comparison, other, other)
    assert not any(
        holds(comparison, value, other) for value in OTHER_TYPES if value != other or type(value) is not equal
    )
    assert not any(holds(f"{comparison}Path", other, value) for value in OTHER_TYPES if value != other)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a[1]*", ["a[1]", "a[1]b"], ["a1", "a1b"]),
        ("a?c", ["a?c"], ["abc"]),
        (r"a\*b*", ["a*b", "a*bcd"], ["axb"]),
        (r"a\\*", ["a\\", "a\\b"], ["a*"]),
        ("*.log", [".log", "x\ny.log"], ["x.log2"]),
        ("a*b*c", ["abc", "axxbyyc"], ["acb"]),
        ("", [""], ["a"]),
        ("A", ["A"], ["a"]),
    ],
)
def test_only_the_star_stands_for_other_text(pattern: str, matching: list[str], other: list[str]) -> None:
    assert all(holds("StringMatches", text, pattern) for text in matching)
    assert not any(holds("StringMatches", text, pattern) for text in [*other, None, 5])


@pytest.mark.parametrize(
    ("test", "values"),
    [
        ("IsNull", [None]),
        ("IsString", ["", "a"]),
        ("IsNumeric", [0, 1.5]),
        ("IsBoolean", [True]),
        ("IsTimestamp", []),
    ],
)
def test_a_type_is_told(test: str, values: list[Any]) -> None:
    for value in OTHER_TYPES:
        is_one = any(value is each or (type(value) is type(each) and value == each) for each in values)
        assert holds(test, value, True) is is_one
        assert holds(test, value, False) is not is_one
    assert holds("IsTimestamp", SAME, True)


def chosen(engine: Any, rule: dict[str, Any], given: Any, **fields: Any) -> tuple[Any, Any]:
    states = {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Rule"}], "Default": "Default", **fields},
        "Rule": {"Type": "Pass", "Result": "rule", "End": True},
        "Default": {"Type": "Pass", "Result": "default", "End": True},
    }
    if fields.get("Default", "") is None:
        del states["C"]["Default"], states["Default"]
    ended = engine.end(engine.start({"StartAt": "C", "States": states}, given))
    return ended.get("output"), ended.get("error")


def test_upstream_passes_over_what_is_not_there(engine: Any) -> None:
    assert chosen(engine, {"Variable": "$.no", "NumericEquals": 1}, {"x": 1}) == ('"default"', None)


def test_what_is_not_there_can_only_be_asked_whether_it_is(engine: Any) -> None:
    engine.adapt(json_paths(), choice_rules())
    for test in ("IsNull", "IsString", "NumericEquals", "StringMatches"):
        value = {"IsNull": True, "IsString": True, "NumericEquals": 1, "StringMatches": "*"}[test]
        assert chosen(engine, {"Variable": "$.no", test: value}, {"x": 1}) == (None, "States.Runtime")
    assert chosen(engine, {"Variable": "$.x", "NumericEqualsPath": "$.no"}, {"x": 1}) == (None, "States.Runtime")
    assert chosen(engine, {"Variable": "$.no", "IsPresent": False}, {"x": 1}) == ('"rule"', None)
    present = {"And": [{"Variable": "$.no", "IsPresent": True}, {"Variable": "$.no", "NumericEquals": 1}]}
    assert chosen(engine, present, {"x": 1}) == ('"default"', None)


def test_a_path_may_lead_into_the_context_object(engine: Any) -> None:
    engine.adapt(json_paths(), choice_rules())
    rule = {"Variable": "$.x", "StringEqualsPath": "$$.State.Name"}
    assert chosen(engine, rule, {"x": "C"}) == ('"rule"', None)


def test_without_a_default_something_must_match(engine: Any) -> None:
    engine.adapt(json_paths(), choice_rules())
    assert chosen(engine, {"Variable": "$.x", "NumericEquals": 2}, {"x": 1}, Default=None) == (
        None,
        "States.NoChoiceMatched",
    )


def test_a_rule_assigns_and_so_does_the_default(engine: Any) -> None:
    engine.adapt(json_paths(), choice_rules(), jsonata())
    rule = {"Variable": "$.x", "NumericEquals": 1, "Assign": {"v.$": "$.x"}, "Next": "After"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "After", "Assign": {"v": "default"}}
    after = {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True}
    definition = {"StartAt": "C", "States": {"C": choice, "After": after}}
    assert engine.end(engine.start(definition, {"x": 1}))["output"] == '{"v":1}'
    assert engine.end(engine.start(definition, {"x": 2}))["output"] == '{"v":"default"}'
