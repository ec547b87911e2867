"""An item that is written is measured once.

Upstream defect: an item is made attribute by attribute, and all that it has so far is measured again for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from scripts.local_cloud.adapters.patch import replaced

_LARGEST_BYTES: Final = 405_000  # upstream's limit, between what AWS was seen to take and to refuse


@contextmanager
def dynamodb_items() -> Iterator[None]:
    """Measure items once they are whole."""

    def make(self: Any, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
        self.hash_key, self.range_key = hash_key, range_key
        self.attrs = LimitedSizeDict()
        for name, value in attrs.items():
            dict.__setitem__(self.attrs, name, DynamoType(value))
        if self.size() > _LARGEST_BYTES:
            raise ItemSizeTooLarge

    with replaced(Item, "__init__", make):
        yield
