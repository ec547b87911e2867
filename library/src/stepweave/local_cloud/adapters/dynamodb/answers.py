"""What DynamoDB tells of a request that was done, or not.

Upstream defects: the capacity that a request took is told to those who do not ask for it, and is the same whatever was
read or written; and some messages are not AWS's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_ASKED: Final = frozenset({"TOTAL", "INDEXES"})
_READ_BYTES: Final = 4096
_WRITE_BYTES: Final = 1024
_READS: Final = frozenset({"GetItem", "Query", "Scan"})
_WRITES: Final = frozenset({"DeleteItem", "PutItem", "UpdateItem"})
_REWORDED: Final = (
    (re.compile(r"^1 validation error detected: (?=Invalid |Value provided|One or more)"), ""),
    (re.compile(r"^(?=ProjectionExpression: )"), "Invalid "),
)


def reworded(message: str) -> str:
    """Return a message of upstream's in AWS's words.

    Example
    -------
    >>> reworded("1 validation error detected: Invalid UpdateExpression: Syntax error; token: \\"x\\"")
    'Invalid UpdateExpression: Syntax error; token: "x"'
    """
    for pattern, words in _REWORDED:
        message = pattern.sub(words, message)
    return message


def with_capacity(
    operation: str, request: Mapping[str, Any], result: dict[str, Any], sizes: tuple[int, int]
) -> dict[str, Any]:
    """Return a result with the capacity that the request took, if it asks for that.

    Parameters
    ----------
    operation, request, result
        What was done.
    sizes
        Of the item that a write is about, in bytes, before and after it.
    """
    asked = request.get("ReturnConsumedCapacity", "NONE")
    if request.get("ReturnItemCollectionMetrics") != "SIZE":
        result = {name: value for name, value in result.items() if name != "ItemCollectionMetrics"}
    if asked not in _ASKED:
        return {name: value for name, value in result.items() if name != "ConsumedCapacity"}
    if operation in _WRITES:
        units = float(max(1, math.ceil(max(sizes) / _WRITE_BYTES)))
    elif operation in _READS:
        found = result.get("Items") or ([result["Item"]] if result.get("Item") else [])
        read = sum(_size(item) for item in found)
        units = max(1, math.ceil(read / _READ_BYTES)) * (1.0 if request.get("ConsistentRead") else 0.5)
    elif operation == "BatchWriteItem":
        return {
            **result,
            "ConsumedCapacity": [
                {"TableName": name, "CapacityUnits": sum(_write_units(write) for write in writes)}
                for name, writes in request["RequestItems"].items()
            ],
        }
    else:
        return result
    capacity: dict[str, Any] = {"TableName": str(request["TableName"]).rpartition("/")[2], "CapacityUnits": units}
    if asked == "INDEXES":
        index = request.get("IndexName")
        capacity["Table"] = {"CapacityUnits": 0.0 if index else units}
        if index:
            capacity["GlobalSecondaryIndexes"] = {index: {"CapacityUnits": units}}
    return {**result, "ConsumedCapacity": capacity}


def item_size(table: Table | None, key: Mapping[str, Any] | None) -> int:
    """Return the size of an item in bytes; 0 if there is none."""
    if table is None or key is None or any(name not in key for name in table.table_key_attrs):
        return 0
    item = table.get_item(
        DynamoType(key[table.hash_key_attr]),
        DynamoType(key[table.range_key_attr]) if table.range_key_attr else None,
    )
    return 0 if item is None else int(item.size())


def _size(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + int(DynamoType(value).size()) for name, value in item.items())


def _write_units(write: Mapping[str, Any]) -> float:
    item = (write.get("PutRequest") or {}).get("Item") or {}
    return float(max(1, math.ceil(_size(item) / _WRITE_BYTES)))
