"""Items that are handed to a child execution together (``ItemBatcher``).

Upstream defect: the engine does not know ``ItemBatcher``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from stepweave.local_cloud.adapters.step_functions.quotas import LARGEST_PAYLOAD

MOST_ITEMS: Final = "MaxItemsPerBatch"
MOST_BYTES: Final = "MaxInputBytesPerBatch"
_BATCH_INPUT: Final = "BatchInput"
_FIELDS: Final = frozenset({MOST_ITEMS, MOST_BYTES, f"{MOST_ITEMS}Path", f"{MOST_BYTES}Path", _BATCH_INPUT})


class BatchTooLarge(ValueError):  # noqa: N818 - says what is wrong
    """An item alone makes a batch that is larger than allowed."""


def batcher_template(batcher: Any) -> dict[str, Any]:
    """Return what is to be evaluated for an ``ItemBatcher``.

    Parameters
    ----------
    batcher
        The field as it is written in the definition.

    Raises
    ------
    ValueError
        If AWS refuses it.

    Example
    -------
    >>> batcher_template({"MaxItemsPerBatchPath": "$.size", "BatchInput": {"a.$": "$.b"}})
    {'MaxItemsPerBatch.$': '$.size', 'BatchInput': {'a.$': '$.b'}}
    """
    if not isinstance(batcher, dict) or batcher.keys() - _FIELDS:
        raise ValueError(f"'ItemBatcher' must be an object with no other fields than {sorted(_FIELDS)}")
    if not batcher.keys() - {_BATCH_INPUT}:
        raise ValueError(f"'ItemBatcher' must have a field '{MOST_ITEMS}' or '{MOST_BYTES}'")
    for name in (MOST_ITEMS, MOST_BYTES):
        if {name, f"{name}Path"} <= batcher.keys():
            raise ValueError(f"'ItemBatcher' must not have both '{name}' and '{name}Path'")
        if not isinstance(batcher.get(name, "{% an expression %}"), str):
            _limit(batcher, name)
    return {f"{name[:-4]}.$" if name.endswith("Path") else name: value for name, value in batcher.items()}


def batches(items: Sequence[Any], batcher: dict[str, Any]) -> list[dict[str, Any]]:
    """Put items together, as many as fit.

    Parameters
    ----------
    items
        The items, in their order.
    batcher
        The evaluated ``ItemBatcher``.

    Returns
    -------
    list[dict[str, Any]]
        The inputs of the child executions, each with ``Items`` and, if there is one, ``BatchInput``.

    Raises
    ------
    ValueError
        If a limit is no positive whole number.
    BatchTooLarge
        If an item alone does not fit.

    Example
    -------
    >>> batches([1, 2, 3], {"MaxItemsPerBatch": 2, "BatchInput": "a"})
    [{'BatchInput': 'a', 'Items': [1, 2]}, {'BatchInput': 'a', 'Items': [3]}]
    """
    most_items = _limit(batcher, MOST_ITEMS) or len(items)
    most_bytes = min(_limit(batcher, MOST_BYTES) or LARGEST_PAYLOAD, LARGEST_PAYLOAD)
    shared = {_BATCH_INPUT: batcher[_BATCH_INPUT]} if _BATCH_INPUT in batcher else {}
    return [
        {**shared, "Items": batch} for batch in _filled(items, most_items, most_bytes - _size({**shared, "Items": []}))
    ]


def _filled(items: Sequence[Any], most_items: int, room: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    taken = 0
    for index, item in enumerate(items):
        size = _size(item)
        if size > room:
            raise BatchTooLarge(f"The item at index {index} is too large for a batch")
        if batch and (len(batch) == most_items or taken + 1 + size > room):
            yield batch
            batch, taken = [], 0
        taken += size + bool(batch)  # a comma
        batch.append(item)
    if batch:
        yield batch


def _limit(batcher: dict[str, Any], name: str) -> int | None:
    limit = batcher.get(name)
    if limit is None:
        return None
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit != int(limit) or limit <= 0:
        raise ValueError(f"'{name}' must be a positive whole number, not {json.dumps(limit)}")
    return int(limit)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
