"""Requests about items are refused where AWS refuses them, in its words.

Upstream defects: keys of another type than the table's, numbers that DynamoDB cannot hold, sets with duplicates, values
of two types and batches of any size are taken; numbers keep the form in which they come; a transaction that is sent
again with its token is done again; and capacity is told without being asked for.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from moto.dynamodb.exceptions import DynamodbException, MockValidationException
from moto.dynamodb.models.table import Table

from stepweave.local_cloud.adapters.dynamodb.values import check_value

_INVALID: Final = "One or more parameter values were invalid: "
_NOT_THE_KEY: Final = "The provided key element does not match the schema"
_MOST_WRITES: Final = 25
_MOST_READS: Final = 100
_TOKEN_SECONDS: Final = 600
_LEGACY: Final = {
    "AttributesToGet",
    "AttributeUpdates",
    "ConditionalOperator",
    "Expected",
    "KeyConditions",
    "QueryFilter",
    "ScanFilter",
}
_EXPRESSIONS: Final = {
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
}
_PLACEHOLDER: Final = re.compile(r"[#:][A-Za-z0-9_]+")
_ATTRIBUTE: Final = re.compile(r"(?<![.\w:#])#?[A-Za-z_]\w*")
_RETURNS: Final = {"PutItem": ("ALL_OLD", "NONE"), "DeleteItem": ("ALL_OLD", "NONE")}

TableOf = Callable[[str], Table | None]
Request = dict[str, Any]


class IdempotentParameterMismatchError(DynamodbException):  # type: ignore[misc]
    """Another transaction had the token."""

    def __init__(self) -> None:
        super().__init__(
            "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )


class TransactionTokens:
    """The tokens of transactions, for ten minutes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, str]] = {}

    def is_repeated(self, request: Request) -> bool:
        """Tell whether a transaction was done before with its token.

        Raises
        ------
        IdempotentParameterMismatchError
            If another one was.
        """
        token = request.get("ClientRequestToken")
        if not token:
            return False
        spelt = json.dumps(request["TransactItems"], sort_keys=True, default=str)
        now = time.time()
        with self._lock:
            self._seen = {each: seen for each, seen in self._seen.items() if now - seen[0] < _TOKEN_SECONDS}
            known = self._seen.get(token)
        if known is not None and known[1] != spelt:
            raise IdempotentParameterMismatchError
        return known is not None

    def done(self, request: Request) -> None:
        """Remember a transaction that was done."""
        if token := request.get("ClientRequestToken"):
            with self._lock:
                self._seen[token] = time.time(), json.dumps(request["TransactItems"], sort_keys=True, default=str)


def check_request(operation: str, request: Request, table_of: TableOf) -> None:
    """Refuse a request that AWS refuses, and write its numbers down as AWS does.

    Parameters
    ----------
    operation
        Such as ``PutItem``.
    request
        Its parameters.
    table_of
        Gives a table by its name; None if there is none, which upstream refuses.

    Raises
    ------
    MockValidationException
        If AWS would refuse it.
    """
    match operation:
        case "BatchWriteItem":
            _check_batch_write(request, table_of)
        case "BatchGetItem":
            _check_batch_get(request, table_of)
        case "TransactWriteItems" | "TransactGetItems":
            _check_transaction(request, table_of)
        case _:
            _check_one(operation, request, table_of(str(request.get("TableName", "")).rpartition("/")[2]))


def _check_one(operation: str, request: Request, table: Table | None) -> None:
    legacy, expressions = _LEGACY & request.keys(), _EXPRESSIONS & request.keys()
    if legacy and expressions:
        raise MockValidationException(
            "Can not use both expression and non-expression parameters in the same request: Non-expression "
            f"parameters: {{{', '.join(sorted(legacy))}}} Expression parameters: {{{', '.join(sorted(expressions))}}}"
        )
    _check_placeholders(request, sorted(expressions))
    returned = request.get("ReturnValues", "NONE")
    if returned not in _RETURNS.get(operation, (returned,)):
        raise MockValidationException("Return values set to invalid value")
    for value in (request.get("ExpressionAttributeValues") or {}).values():
        check_value(value)
    for value in (request.get("Item") or {}).values():
        check_value(value)
    if table is None:
        return
    if "Item" in request:
        _check_item(table, request["Item"])
    if "Key" in request:
        _check_key(table, request["Key"])
    if operation in {"Query", "Scan"}:
        _check_search(request, table)
    if operation == "Query":
        _check_filter(request, table)


def _check_placeholders(request: Request, expressions: Iterable[str]) -> None:
    """Refuse names and values that an expression uses and that are not given."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for expression in expressions:
        for used in _PLACEHOLDER.findall(str(request[expression])):
            if used.startswith("#") and used not in names:
                raise MockValidationException(
                    f"Invalid {expression}: An expression attribute name used in the document path is not defined; "
                    f"attribute name: {used}"
                )
            if used.startswith(":") and used not in values:
                raise MockValidationException(
                    f"Invalid {expression}: An expression attribute value used in expression is not defined; "
                    f"attribute value: {used}"
                )


def _check_filter(request: Request, table: Table) -> None:
    """Refuse to filter what a query finds by the key that it finds it by."""
    index = next((each for each in table.all_indexes() if each.name == request.get("IndexName")), None)
    keys = table.table_key_attrs if index is None else [part["AttributeName"] for part in index.schema]
    names = request.get("ExpressionAttributeNames") or {}
    for used in _ATTRIBUTE.findall(str(request.get("FilterExpression") or "")):
        if names.get(used, used) in keys:
            raise MockValidationException(
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
                f"{names.get(used, used)}"
            )


def _check_search(request: Request, table: Table) -> None:
    limit = request.get("Limit")
    if limit is not None and limit < 1:
        raise MockValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    index = request.get("IndexName")
    if index is not None and all(each.name != index for each in table.all_indexes()):
        raise MockValidationException(f"The table does not have the specified index: {index}")
    start = request.get("ExclusiveStartKey")
    if start is not None:
        for value in start.values():
            check_value(value)
        if not _fits(table, {name: value for name, value in start.items() if name in table.table_key_attrs}):
            raise MockValidationException(f"The provided starting key is invalid: {_NOT_THE_KEY}")


def _check_key(table: Table, key: Mapping[str, Any]) -> None:
    for value in key.values():
        check_value(value)
    if not _fits(table, key):
        raise MockValidationException(_NOT_THE_KEY)
    _check_not_empty(table, key)


def _fits(table: Table, key: Mapping[str, Any]) -> bool:
    types = _types(table)
    return set(key) == set(table.table_key_attrs) and all(types[name] in value for name, value in key.items())


def _check_item(table: Table, item: Mapping[str, Any]) -> None:
    types = _types(table)
    for name in table.table_key_attrs:
        if name not in item:
            raise MockValidationException(f"{_INVALID}Missing the key {name} in the item")
        if types[name] not in item[name]:
            actual = next(iter(item[name]))
            message = f"{_INVALID}Type mismatch for key {name} expected: {types[name]} actual: {actual}"
            raise MockValidationException(message)
    _check_not_empty(table, item)
    for index in table.all_indexes():
        for name in (part["AttributeName"] for part in index.schema):
            if name in item and types.get(name) not in item[name]:
                actual = next(iter(item[name]))
                raise MockValidationException(
                    f"{_INVALID}Type mismatch for Index Key {name} Expected: {types.get(name)} Actual: {actual} "
                    f"IndexName: {index.name}"
                )


def _check_not_empty(table: Table, item: Mapping[str, Any]) -> None:
    for name in table.table_key_attrs:
        if item[name].get("S") == "" or item[name].get("B") in ("", b""):
            kind = "string" if "S" in item[name] else "binary"
            raise MockValidationException(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty {kind} value. Key: {name}"
            )


def _types(table: Table) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in table.attr}


def _check_batch_write(request: Request, table_of: TableOf) -> None:
    tables = request.get("RequestItems") or {}
    _check_some("requestItems", tables)
    counts = [len(writes) for writes in tables.values()]
    if any(not count or count > _MOST_WRITES for count in counts):
        raise MockValidationException(
            f"1 validation error detected: Value '{_shown(tables)}' at 'requestItems' failed to satisfy constraint: "
            f"Map value must satisfy constraint: [Member must have length less than or equal to {_MOST_WRITES}, Member "
            "must have length greater than or equal to 1]"
        )
    if sum(counts) > _MOST_WRITES:
        raise MockValidationException("Too many items requested for the BatchWriteItem call")
    for name, writes in tables.items():
        table, keys = table_of(name.rpartition("/")[2]), []
        for write in writes:
            if len(write) != 1:
                which = "more than one" if write else "none"
                message = (
                    f"Supplied WriteRequest has {which} of PutRequest and DeleteRequest set, must contain exactly one"
                )
                raise MockValidationException(message)
            _check_one("", (write.get("PutRequest") or write.get("DeleteRequest") or {}), table)
            if table is not None:
                keys.append(
                    _key_of(
                        table, write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
                    )
                )
        _check_distinct(keys)


def _check_batch_get(request: Request, table_of: TableOf) -> None:
    tables = request.get("RequestItems") or {}
    _check_some("requestItems", tables)
    if sum(len(each.get("Keys") or ()) for each in tables.values()) > _MOST_READS:
        raise MockValidationException("Too many items requested for the BatchGetItem call")
    for name, reads in tables.items():
        table = table_of(name.rpartition("/")[2])
        for key in reads.get("Keys") or ():
            if table is not None:
                _check_key(table, key)
        _check_distinct([json.dumps(key, sort_keys=True, default=str) for key in reads.get("Keys") or ()])


def _check_transaction(request: Request, table_of: TableOf) -> None:
    items = request.get("TransactItems") or []
    _check_some("transactItems", items)
    if len(items) > _MOST_READS:
        raise MockValidationException(
            f"1 validation error detected: Value '{_shown(items)}' at 'transactItems' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MOST_READS}"
        )
    for item in items:
        if len(item) != 1:
            raise MockValidationException("TransactItems can only contain one of Check, Put, Update or Delete")
        ((_, part),) = item.items()
        _check_one("", part, table_of(str(part.get("TableName", "")).rpartition("/")[2]))


def _check_some(name: str, given: Mapping[str, Any] | list[Any]) -> None:
    if not given:
        raise MockValidationException(
            f"1 validation error detected: Value '{_shown(given)}' at '{name}' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )


def _check_distinct(keys: Iterable[str]) -> None:
    listed = list(keys)
    if len(set(listed)) < len(listed):
        raise MockValidationException("Provided list of item keys contains duplicates")


def _key_of(table: Table, item: Mapping[str, Any]) -> str:
    return json.dumps([item[name] for name in table.table_key_attrs], sort_keys=True, default=str)


def _shown(given: Mapping[str, Any] | list[Any]) -> str:
    return "{}" if given == {} else "[]" if given == [] else f"({len(given)} members)"
