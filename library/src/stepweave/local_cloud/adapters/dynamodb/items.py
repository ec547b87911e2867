"""An item that is written is measured once, and copied no deeper than it can be changed.

Upstream defects: an item is made attribute by attribute, and all that it has so far is measured again for each. And an
update copies the item twice, with all its values, most of which are replaced as a whole if they are changed at all.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize

from stepweave.local_cloud.adapters.patch import replaced

_LARGEST_BYTES: Final = 405_000  # upstream's limit, between what AWS was seen to take and to refuse
_SCALARS: Final = frozenset({"S", "N", "B", "BOOL", "NULL"})


@contextmanager
def dynamodb_items() -> Iterator[None]:
    """Measure items once they are whole, and share between copies what does not change."""
    with ExitStack() as patches:
        patches.enter_context(replaced(Item, "__init__", _make))
        patches.enter_context(replaced(Item, "__deepcopy__", _copy))
        yield


def check_size(attributes: Mapping[str, DynamoType]) -> None:
    """Raise ``ItemSizeTooLarge`` if an item with these attributes would be larger than an item may be."""
    if sum(bytesize(name) + value.size() for name, value in attributes.items()) > _LARGEST_BYTES:
        raise ItemSizeTooLarge


def _make(self: Any, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
    self.hash_key, self.range_key = hash_key, range_key
    self.attrs = _unchecked({name: DynamoType(value) for name, value in attrs.items()})
    check_size(self.attrs)


def _copy(self: Any, memo: dict[int, Any]) -> Any:
    copied = object.__new__(type(self))
    copied.hash_key, copied.range_key = self.hash_key, self.range_key
    copied.attrs = _unchecked(
        {name: value if value.type in _SCALARS else copy.deepcopy(value, memo) for name, value in self.attrs.items()}
    )
    return copied


def _unchecked(attributes: dict[str, DynamoType]) -> Any:
    """Make upstream's dictionary of attributes without its checks."""
    made = LimitedSizeDict()
    dict.update(made, attributes)
    return made
