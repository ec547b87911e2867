"""Items are measured once, and refused where they were refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from scripts.local_cloud.adapters.dynamodb_items import dynamodb_items

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
