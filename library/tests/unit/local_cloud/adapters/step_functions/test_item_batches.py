"""No item is lost in batches, and no batch is larger than allowed."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions.item_batches import BatchTooLarge, batches
from stepweave.local_cloud.adapters.step_functions.quotas import LARGEST_PAYLOAD

ITEMS = st.lists(st.one_of(st.integers(), st.text(max_size=20), st.lists(st.booleans(), max_size=5)), max_size=30)


def size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


@given(ITEMS, st.integers(1, 8), st.integers(120, 400), st.text(max_size=5))
def test_batches_hold_all_items_in_their_order_and_are_as_full_as_can_be(
    items: list[Any], most_items: int, most_bytes: int, shared: str
) -> None:
    limits = {"MaxItemsPerBatch": most_items, "MaxInputBytesPerBatch": most_bytes}
    found = batches(items, limits | {"BatchInput": shared})
    assert [item for batch in found for item in batch["Items"]] == items
    assert all(batch["BatchInput"] == shared and 0 < len(batch["Items"]) <= most_items for batch in found)
    assert all(size(batch) <= most_bytes for batch in found)
    for batch, following in pairwise(found):
        one_more = {**batch, "Items": [*batch["Items"], following["Items"][0]]}
        assert len(batch["Items"]) == most_items or size(one_more) > most_bytes


def test_a_batch_is_no_larger_than_a_payload() -> None:
    item = "x" * (LARGEST_PAYLOAD // 2)
    assert [len(batch["Items"]) for batch in batches([item, item, item], {"MaxItemsPerBatch": 3})] == [1, 1, 1]
    with pytest.raises(BatchTooLarge, match="index 1"):
        batches(["x", item * 2], {"MaxItemsPerBatch": 1})
