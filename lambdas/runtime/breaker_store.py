"""Where the state of circuit breakers is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from lambdas.contract.breaker import ITEM_KEY
from lambdas.contract.breaker_change import Change, update_item
from lambdas.contract.breaker_item import AttributeValue, read_item
from lambdas.runtime.aws_errors import error_code
from lambdas.runtime.breaker_protocol import Seen

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        return Seen(read_item(self._attributes(name, consistent=consistent)))

    def write(self, name: str, change: Change) -> Seen:
        """Send one ``UpdateItem``, which costs a write whether or not its conditions hold."""
        call: Any = update_item(self.table, name, change)
        try:
            answer = self.client.update_item(**call)
        except Exception as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            found = getattr(error, "response", {}).get("Item")
            # Not every engine sends the item with the error; there is none if nobody has written to the breaker.
            attributes = found or self._attributes(name, consistent=True)
            return Seen(read_item(attributes), applied=change.landed(attributes))
        return Seen(read_item(cast("Mapping[str, AttributeValue]", answer["Attributes"])))

    def _attributes(self, name: str, *, consistent: bool) -> Mapping[str, AttributeValue]:
        answer = self.client.get_item(TableName=self.table, Key={ITEM_KEY: {"S": name}}, ConsistentRead=consistent)
        return cast("Mapping[str, AttributeValue]", answer.get("Item", {}))
