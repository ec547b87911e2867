"""Every operator of conditions, with keys that are there, that are missing, and that have many values."""

from typing import Any

import pytest

from stepweave.local_cloud.permissions.conditions import UnknownOperatorError, conditions_of

Values = str | bool | int | list[str]


def holds(operator: str, wanted: Values, *given: str, **others: str) -> bool:
    context = {name.replace("__", ":").replace("_", "/"): (value,) for name, value in others.items()}
    (condition,) = conditions_of({operator: {"aws:Key": wanted}})
    return condition.holds(context | ({"aws:key": given} if given else {}), has_variables=True)


@pytest.mark.parametrize(
    ("operator", "wanted", "matching", "other"),
    [
        ("StringEquals", "a", "a", "A"),
        ("StringEquals", "a*", "a*", "ab"),
        ("StringEquals", ["x", "a"], "a", "b"),
        ("StringEqualsIgnoreCase", "Straße", "STRASSE", "Strase"),
        ("StringLike", "a*c?", "a/b/cd", "a/b/c"),
        ("StringLike", "${*}x${?}${$}", "*x?$", "axb$"),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericLessThan", 10, "9.5", "10"),
        ("NumericLessThanEquals", "10", "10", "10.1"),
        ("NumericGreaterThan", "1e3", "1001", "1000"),
        ("NumericGreaterThanEquals", "-1", "-1", "-2"),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z"),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", "2026-01-02"),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ("DateLessThanEquals", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500Z", "2026-01-01T00:00:01Z"),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", "1767225600", "1767225599"),
        ("Bool", True, "true", "false"),
        ("Bool", "False", "false", "true"),
        ("BinaryEquals", "QmluYXJ5VmFsdWU=", "QmluYXJ5VmFsdWU=", "QmluYXJ5"),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.9"),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", "203.0.113.9"),
        ("IpAddress", "127.0.0.1", "127.0.0.1", "127.0.0.2"),
        ("ArnEquals", "arn:aws:sns:*:123456789012:t*", "arn:aws:sns:eu-west-1:123456789012:topic", "arn:aws:sqs:::t"),
        (
            "ArnLike",
            "arn:aws:events:us-east-1:*:rule/*",
            "arn:aws:events:us-east-1:1:rule/b/r",
            "arn:aws:events:::rule",
        ),
        ("ArnLike", "arn:aws:sns:*", "arn:aws:sns:us-east-1:1:topic", "arn:aws:sqs:us-east-1:1:queue"),
    ],
)
def test_an_operator_compares(operator: str, wanted: Any, matching: str, other: str) -> None:
    assert holds(operator, wanted, matching)
    assert not holds(operator, wanted, other)
    assert not holds(operator, wanted)
    assert holds(f"{operator}IfExists", wanted, matching)
    assert not holds(f"{operator}IfExists", wanted, other)
    assert holds(f"{operator}IfExists", wanted)
    assert holds(f"ForAnyValue:{operator}", wanted, other, matching)
    assert not holds(f"ForAnyValue:{operator}", wanted, other)
    assert not holds(f"ForAnyValue:{operator}", wanted)
    assert holds(f"ForAllValues:{operator}", wanted, matching, matching)
    assert not holds(f"ForAllValues:{operator}", wanted, matching, other)
    assert holds(f"ForAllValues:{operator}", wanted)


@pytest.mark.parametrize(
    ("operator", "wanted", "excluded", "other"),
    [
        ("StringNotEquals", ["a", "b"], "b", "c"),
        ("StringNotEqualsIgnoreCase", "a", "A", "b"),
        ("StringNotLike", "a*", "ab", "b"),
        ("NumericNotEquals", "1", "1.0", "2"),
        ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", "2026-01-02"),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", "11.1.2.3"),
        ("ArnNotEquals", "arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b"),
        ("ArnNotLike", "arn:aws:s3:::a*", "arn:aws:s3:::ab", "arn:aws:s3:::b"),
    ],
)
def test_an_operator_excludes(operator: str, wanted: Any, excluded: str, other: str) -> None:
    assert not holds(operator, wanted, excluded)
    assert holds(operator, wanted, other)
    assert holds(operator, wanted)  # what is not there is not equal either
    assert holds(f"{operator}IfExists", wanted)
    assert holds(f"ForAnyValue:{operator}", wanted, excluded, other)
    assert not holds(f"ForAnyValue:{operator}", wanted, excluded)
    assert not holds(f"ForAnyValue:{operator}", wanted)
    assert holds(f"ForAllValues:{operator}", wanted, other, other)
    assert not holds(f"ForAllValues:{operator}", wanted, excluded, other)
    assert holds(f"ForAllValues:{operator}", wanted)


def test_null_asks_for_the_key() -> None:
    assert holds("Null", "true")
    assert not holds("Null", "true", "x")
    assert holds("Null", "false", "x")
    assert not holds("Null", False)


def test_a_condition_may_hold_variables() -> None:
    wanted = "home/${aws:PrincipalTag/team}/*"
    assert holds("StringLike", wanted, "home/a/x", aws__principaltag_team="a")
    assert not holds("StringLike", wanted, "home/b/x", aws__principaltag_team="a")
    assert not holds("StringLike", wanted, "home/b/x", aws__principaltag_team="*"), "a value is no pattern"
    assert not holds("StringLike", wanted, "home//x"), "there is no such tag"
    assert holds("StringEquals", "${aws:PrincipalTag/team, 'nobody'}", "nobody")


@pytest.mark.parametrize("name", ["StringEqual", "NotBool", "ForSomeValue:StringEquals", "ForAnyValue:"])
def test_what_is_no_operator_is_refused(name: str) -> None:
    with pytest.raises(UnknownOperatorError, match=name):
        holds(name, "x")


@pytest.mark.parametrize("operator", ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals"])
def test_what_cannot_be_compared_does_not_match(operator: str) -> None:
    assert not holds(operator, "?!", "?!")
    assert not holds(operator, "1", "?!")
