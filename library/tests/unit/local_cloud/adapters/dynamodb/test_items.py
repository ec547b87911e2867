"""Items are measured once, and refused where they were refused."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from stepweave.local_cloud.adapters.dynamodb.items import dynamodb_items

KEY = DynamoType({"S": "key"})
TEXTS = st.builds(lambda text, times: text * times, st.sampled_from(["a", "ü", "€"]), st.integers(0, 210_000))


def make(attributes: dict[str, Any]) -> Any:
    try:
        return Item(KEY, None, attributes).to_json()
    except ItemSizeTooLarge:
        return None


@given(st.dictionaries(st.sampled_from(["a", "b", "ü"]), st.builds(lambda text: {"S": text}, TEXTS)))
def test_items_are_those_of_upstream(attributes: dict[str, Any]) -> None:
    expected = make(attributes)
    with dynamodb_items():
        assert make(attributes) == expected


SCALARS = st.sampled_from([{"S": "a"}, {"N": "1"}, {"BOOL": True}, {"NULL": True}, {"B": b"a"}])
VALUES = st.recursive(
    SCALARS | st.just({"SS": ["a"]}),
    lambda values: (
        st.lists(values, max_size=2).map(lambda found: {"L": found})
        | st.dictionaries(st.sampled_from("ab"), values, max_size=2).map(lambda found: {"M": found})
    ),
    max_leaves=5,
)


def containers(value: DynamoType) -> list[Any]:
    inner = value.value.values() if isinstance(value.value, dict) else value.value
    if not isinstance(value.value, dict | list):
        return []
    return [value.value, *(found for each in inner if isinstance(each, DynamoType) for found in containers(each))]


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_a_copy_is_equal_and_shares_nothing_that_can_be_changed(attributes: dict[str, Any]) -> None:
    with dynamodb_items():
        item = Item(KEY, None, attributes)
        copied = copy.deepcopy(item)
    assert copied.to_json() == item.to_json()
    assert copied.attrs is not item.attrs
    shared = {id(found) for value in item.attrs.values() for found in containers(value)}
    assert not shared & {id(found) for value in copied.attrs.values() for found in containers(value)}


def test_an_attribute_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[DynamoType] = []
    upstream = DynamoType.size

    def size(self: DynamoType) -> int:
        measured.append(self)
        return int(upstream(self))

    monkeypatch.setattr(DynamoType, "size", size)
    attributes = {name: {"S": name} for name in "abcdef"}
    make(attributes)
    assert len(measured) > len(attributes)
    measured.clear()
    with dynamodb_items():
        make(attributes)
    assert len(measured) == len(attributes)
