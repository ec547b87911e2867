"""Where the state of circuit breakers is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from stepweave.contract.breaker import ITEM_KEY
from stepweave.contract.breaker_change import Change, update_item
from stepweave.contract.breaker_item import AttributeValue, read_item
from stepweave.runtime.breaker_protocol import Seen
from stepweave.runtime.failed_condition import checked_item, is_failed_condition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


class BreakerStore(Protocol):
    """What keeps the items of breakers, and makes a change as a whole or not at all.

    Whatever its methods raise means that the store could not be used this time.
    """

    def read(self, name: str, *, consistent: bool) -> Seen:
        """Return what the item of a breaker holds; if not `consistent`, a moment ago perhaps."""

    def write(self, name: str, change: Change) -> Seen:
        """Make a change if its conditions hold; return what the item holds now, and whether the change was made."""


@dataclass(frozen=True)
class DynamoDBBreakerStore:
    """The breakers table.

    Parameters
    ----------
    table : str
        Its name. The partition key is the text `id`.
    client : DynamoDBClient
    """

    table: str
    client: DynamoDBClient

    def read(self, name: str, *, consistent: bool) -> Seen:
        """Read an item: half a read unit for 4 KiB, one if `consistent`."""
        answer = self.client.get_item(TableName=self.table, Key=_key(name), ConsistentRead=consistent)
        return Seen(read_item(_attributes(answer.get("Item", {}))))

    def write(self, name: str, change: Change) -> Seen:
        """Send one ``UpdateItem``, which costs a write whether or not its conditions hold."""
        call: Any = update_item(self.table, name, change)
        try:
            answer = self.client.update_item(**call)
        except Exception as error:
            if not is_failed_condition(error):
                raise
            attributes = _attributes(checked_item(error, self.client, self.table, _key(name)))
            return Seen(read_item(attributes), applied=change.landed(attributes))
        return Seen(read_item(_attributes(answer["Attributes"])))


def _key(name: str) -> dict[str, AttributeValueTypeDef]:
    return {ITEM_KEY: {"S": name}}


def _attributes(item: object) -> Mapping[str, AttributeValue]:
    return cast("Mapping[str, AttributeValue]", item)
