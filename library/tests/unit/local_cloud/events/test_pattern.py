from typing import Any

import pytest

from stepweave.local_cloud.events.pattern import EventPattern, InvalidPatternError

ITEMS = {"detail": {"items": [{"kind": "a", "size": 1}, {"kind": "b", "size": 9}]}}


def of(rule: Any) -> dict[str, Any]:
    return {"detail": {"v": [rule]}}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        (of("x"), {"detail": {"v": "x"}}, True),
        (of("x"), {"detail": {"v": ["y", "x"]}}, True),
        (of("x"), {"detail": {"v": []}}, False),
        (of(None), {"detail": {"v": None}}, True),
        (of(None), {"detail": {}}, False),
        (of(True), {"detail": {"v": 1}}, False),
        (of(300), {"detail": {"v": 300.0}}, True),
        (of({"exists": True}), {"detail": {"v": {"w": 1}}}, False),
        (of({"exists": False}), {"detail": {"v": {"w": 1}}}, True),
        (of({"exists": False}), {}, True),
        (of({"prefix": "a"}), {"detail": {"v": "ab"}}, True),
        (of({"prefix": {"equals-ignore-case": "A"}}), {"detail": {"v": "ab"}}, True),
        (of({"suffix": "b"}), {"detail": {"v": "ab"}}, True),
        (of({"suffix": {"equals-ignore-case": ".PNG"}}), {"detail": {"v": "x.png"}}, True),
        (of({"equals-ignore-case": "ABC"}), {"detail": {"v": "aBc"}}, True),
        (of({"wildcard": "a*c\\*"}), {"detail": {"v": "abbc*"}}, True),
        (of({"wildcard": "a*c"}), {"detail": {"v": "abcd"}}, False),
        (of({"numeric": [">", 0, "<=", 5]}), {"detail": {"v": 5}}, True),
        (of({"numeric": ["=", 5]}), {"detail": {"v": "5"}}, False),
        (of({"cidr": "10.0.0.0/24"}), {"detail": {"v": "10.0.0.255"}}, True),
        (of({"cidr": "10.0.0.0/24"}), {"detail": {"v": "10.0.1.0"}}, False),
        (of({"cidr": "2001:db8::/32"}), {"detail": {"v": "2001:db8::1"}}, True),
        (of({"anything-but": ["a", 1]}), {"detail": {"v": "b"}}, True),
        (of({"anything-but": ["a", 1]}), {"detail": {"v": 1}}, False),
        (of({"anything-but": "a"}), {"detail": {}}, False),
        (of({"anything-but": {"prefix": ["a", "b"]}}), {"detail": {"v": "bc"}}, False),
        (of({"anything-but": {"suffix": "c"}}), {"detail": {"v": 3}}, True),
        (of({"anything-but": {"wildcard": "*x*"}}), {"detail": {"v": "axb"}}, False),
        (of({"anything-but": {"equals-ignore-case": "X"}}), {"detail": {"v": "x"}}, False),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]}, {"b": 2, "c": 4}, False),
        ({"a.b": [1]}, {"a": {"b": 1}}, True),
        ({"a": {"b": [1]}}, {"a.b": 1}, True),
        ({"detail": {"items": {"kind": ["a"], "size": [1]}}}, ITEMS, True),
        ({"detail": {"items": {"kind": ["a"], "size": [9]}}}, ITEMS, False),
    ],
)
def test_events_are_matched(pattern: Any, event: Any, expected: bool) -> None:
    assert EventPattern(pattern).matches(event) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"a": "x"}, '"a" must be an object or an array'),
        ({"a": []}, "Empty arrays are not allowed"),
        (["a"], "Filter is not an object"),
        (of({"EXISTS": True}), "Unrecognized match type EXISTS"),
        (of({"exists": "no"}), "exists match pattern must be either true or false."),
        (of({"prefix": 1}), "prefix match pattern must be a string"),
        (of({"suffix": ["a"]}), "suffix match pattern must be a string"),
        (of({"wildcard": "a**"}), "Consecutive wildcard characters at pos 2"),
        (of({"numeric": 1}), "Value of numeric must be an array."),
        (of({"numeric": []}), "Invalid member in numeric match: ]"),
        (of({"numeric": ["x", 1]}), "Unrecognized numeric range operator: x"),
        (of({"numeric": ["=", "1"]}), "Value of equals must be numeric"),
        (of({"numeric": [">", 0, ">", 0]}), "Bad numeric range operator: >"),
        (of({"numeric": [">", 3, "<", 1]}), "Bottom must be less than top"),
        (of({"numeric": ["<", 3, ">", 1]}), "Too many elements in numeric expression"),
        (of({"cidr": "10.0.0.0"}), "Malformed CIDR, one '/' required"),
        (of({"cidr": "x/8"}), "Nonstandard IP address: x"),
        (of({"anything-but": None}), "Value of anything-but must be an array or single string/number value."),
        (of({"anything-but": ["a", None]}), "Inside anything but list, start|null|boolean is not supported."),
        (of({"anything-but": {"prefix": ""}}), "Null prefix/suffix not allowed"),
        (of({"anything-but": {"exists": True}}), "Unsupported anything-but pattern: exists"),
        (of({"prefix": "a", "suffix": "b"}), "Only one key allowed in match expression"),
        (of(["x"]), "Match value must be String, number, true, false, or null"),
    ],
)
def test_what_aws_refuses_is_refused_with_its_reason(pattern: Any, reason: str) -> None:
    with pytest.raises(InvalidPatternError) as raised:
        EventPattern(pattern)
    assert str(raised.value) == reason
