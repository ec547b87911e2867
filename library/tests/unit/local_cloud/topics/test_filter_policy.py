from datetime import UTC, datetime
from typing import Any

import pytest

from stepweave.local_cloud.events.pattern import InvalidPatternError
from stepweave.local_cloud.topics.filter_policy import ATTRIBUTES, BODY, FilterPolicy
from stepweave.local_cloud.topics.message import TopicMessage


def message(text: str = "text", **attributes: tuple[str, str]) -> TopicMessage:
    given = {name: {"Type": kind, "Value": value} for name, (kind, value) in attributes.items()}
    return TopicMessage(
        "id", "arn:aws:sns:us-east-1:123456789012:t", text, datetime(2026, 1, 1, tzinfo=UTC), None, given
    )


@pytest.mark.parametrize(
    ("policy", "attributes", "expected"),
    [
        ({"k": ["a", {"prefix": "b"}]}, {"k": ("String", "bc")}, True),
        ({"k": ["a"]}, {}, False),
        ({"k": [{"exists": False}]}, {}, True),
        ({"n": [{"numeric": [">", 3]}]}, {"n": ("Number", "5")}, True),
        ({"n": [5]}, {"n": ("String", "5")}, False),
        ({"l": ["b"]}, {"l": ("String.Array", '["a", "b"]')}, True),
        ({"l": [{"anything-but": ["a"]}]}, {"l": ("String.Array", '["a", "b"]')}, True),
        ({"b": ["x"]}, {"b": ("Binary", "eA==")}, False),
        ({"$or": [{"k": ["a"]}, {"n": [1]}]}, {"n": ("Number", "1")}, True),
    ],
)
def test_attributes_are_matched(policy: Any, attributes: Any, expected: bool) -> None:
    assert FilterPolicy(policy, ATTRIBUTES).wants(message(**attributes)) is expected


def test_the_body_is_matched() -> None:
    policy = FilterPolicy({"order": {"items": {"sku": ["a"]}}}, BODY)
    assert policy.wants(message('{"order": {"items": [{"sku": "b"}, {"sku": "a"}]}}'))
    assert not policy.wants(message('{"order": {}}'))
    assert not policy.wants(message("no JSON"))


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ({"k": {"m": ["a"]}}, ATTRIBUTES),
        ({"k": "a"}, BODY),
        ({str(n): ["a"] for n in range(6)}, ATTRIBUTES),
        ({"a": list(range(13)), "b": list(range(12))}, ATTRIBUTES),
    ],
)
def test_what_aws_refuses_is_refused(policy: Any, scope: str) -> None:
    with pytest.raises(InvalidPatternError):
        FilterPolicy(policy, scope)
