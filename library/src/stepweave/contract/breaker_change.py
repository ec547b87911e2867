"""One conditional write to a breaker's item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypedDict

from stepweave.contract.breaker import ITEM_KEY
from stepweave.contract.breaker_item import (
    GENERATION,
    SUCCESSES,
    TOKEN,
    UNTIL,
    AttributeValue,
    number,
    probe_attribute,
)


@dataclass(frozen=True)
class Change:
    """A write that happens as a whole, and only if all of its conditions hold.

    Parameters
    ----------
    generation : int | None
        Condition: the breaker is in this generation. None for what concerns no generation: the end of a lease.
    free : tuple of int, int | None
        Condition: nobody holds this slot at this time.
    held : tuple of int, str | None
        Condition: the lease in this slot has this token.
    put : mapping of str to AttributeValue
        Attributes to write. At least one holds something that no other change writes, so that a change whose answer
        was lost is known again.
    remove : tuple of str
        Attributes to remove.
    success : bool
        Whether to count a probe that succeeded.
    """

    generation: int | None
    free: tuple[int, int] | None = None
    held: tuple[int, str] | None = None
    put: Mapping[str, AttributeValue] = field(default_factory=lambda: MappingProxyType({}))
    remove: tuple[str, ...] = ()
    success: bool = False

    def landed(self, attributes: Mapping[str, AttributeValue]) -> bool:
        """Tell whether an item shows that the change was made: its answer was lost, and it was sent once more."""
        return bool(self.put) and all(attributes.get(name) == value for name, value in self.put.items())


class UpdateItem(TypedDict, total=False):
    """What DynamoDB's ``UpdateItem`` is called with."""

    TableName: str
    Key: dict[str, AttributeValue]
    UpdateExpression: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValue]
    ReturnValues: str
    ReturnValuesOnConditionCheckFailure: str


def update_item(table: str, name: str, change: Change) -> UpdateItem:
    """Return the call of ``UpdateItem`` that makes a change, and answers with the item whether or not it was made.

    Parameters
    ----------
    table : str
        The breakers table.
    name : str
        The breaker.
    change : Change
        What to write, and on which conditions.
    """
    names: dict[str, str] = {}
    values: dict[str, AttributeValue] = {}
    conditions: list[str] = []

    def named(attribute: str) -> str:
        names.setdefault(placeholder := f"#n{len(names)}", attribute)
        return placeholder

    def valued(value: AttributeValue) -> str:
        values.setdefault(placeholder := f":v{len(values)}", value)
        return placeholder

    if change.generation is not None:
        generation = named(GENERATION)
        expected = f"{generation} = {valued(number(change.generation))}"
        conditions.append(expected if change.generation else f"(attribute_not_exists({generation}) OR {expected})")
    if change.free:
        slot, now = change.free
        lease = named(probe_attribute(slot))
        ended = f"{lease}.{named(UNTIL)} < {valued(number(now))}"
        conditions.append(f"(attribute_not_exists({lease}) OR {ended})")
    if change.held:
        slot, token = change.held
        conditions.append(f"{named(probe_attribute(slot))}.{named(TOKEN)} = {valued({'S': token})}")
    clauses = []
    if change.put:
        clauses.append("SET " + ", ".join(f"{named(each)} = {valued(value)}" for each, value in change.put.items()))
    if change.remove:
        clauses.append("REMOVE " + ", ".join(map(named, change.remove)))
    if change.success:
        clauses.append(f"ADD {named(SUCCESSES)} {valued(number(1))}")
    call: UpdateItem = {
        "TableName": table,
        "Key": {ITEM_KEY: {"S": name}},
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if values:
        call["ExpressionAttributeValues"] = values
    return call
