"""DynamoDB: tables and indexes, transactions, and PartiQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stepweave.local_cloud.permissions.actions.table import Access, Accesses, Call, ServiceTable, some, use_of_key

_TRANSACT: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_PARTIQL: Final = re.compile(
    r"""^\s*(?P<verb>SELECT|INSERT|UPDATE|DELETE|EXISTS)\b.*?
    (?:(?<=\bUPDATE)\s+|\bFROM\s+|\bINTO\s+)"?(?P<table>[\w.-]+)"?(?:\s*\.\s*"?(?P<index>[\w.-]+)"?)?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_EQUALITY: Final = re.compile(r"([#\w.-]+)\s*=\s*(:[\w-]+)")


def _table(call: Call, name: str, index: str = "") -> str:
    arn = call.arn("dynamodb", name if name.startswith("arn:") else f"table/{name}")
    return f"{arn}/index/{index}" if index else arn


def _resource(call: Call) -> str:
    given = call.text("ResourceArn") or call.text("StreamArn") or call.text("BackupArn") or call.text("ExportArn")
    return given or _table(call, call.text("TableName"), call.text("IndexName"))


def _keys(call: Call) -> dict[str, tuple[str, ...]]:
    parameters = call.parameters
    keys = some(
        dynamodb__select=parameters.get("Select"),
        dynamodb__returnvalues=parameters.get("ReturnValues"),
        dynamodb__returnconsumedcapacity=parameters.get("ReturnConsumedCapacity"),
    )
    leading = _queried(call) if call.operation == "Query" else _leading(call, _resource(call), [parameters])
    return {**keys, **_many(leading, _attributes(parameters))}


def _many(leading: Iterable[str], attributes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found = {"dynamodb:leadingkeys": tuple(leading), "dynamodb:attributes": tuple(attributes)}
    return {name: values for name, values in found.items() if values}


def _leading(call: Call, arn: str, requests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Give the partition keys of items that are named as a whole."""
    name = None
    for request in requests:
        item = request.get("Key") or request.get("Item")
        if not isinstance(item, Mapping):
            continue
        name = name or call.stored.table_key(arn)
        if name in item:
            yield _value(item[name])


def _queried(call: Call) -> Iterator[str]:
    """Give the partition key that a query asks for."""
    name = call.stored.table_key(_resource(call))
    legacy = call.parameters.get("KeyConditions") or {}
    if name in legacy:
        yield from (_value(each) for each in legacy[name].get("AttributeValueList", ()))
    names, values = (call.parameters.get(f"ExpressionAttribute{kind}") or {} for kind in ("Names", "Values"))
    for attribute, value in _EQUALITY.findall(call.text("KeyConditionExpression")):
        if names.get(attribute, attribute) == name and value in values:
            yield _value(values[value])


def _attributes(request: Mapping[str, Any]) -> set[str]:
    """Return the top-level attributes that a request names."""
    names = request.get("ExpressionAttributeNames") or {}
    found = {key for part in ("Item", "Key", "Expected", "AttributeUpdates") for key in request.get(part) or ()}
    found.update(request.get("AttributesToGet") or ())
    for part in request.get("ProjectionExpression", "").split(","):
        if top := re.split(r"[.\[]", part.strip())[0]:
            found.add(names.get(top, top))
    return found | {str(name) for name in names.values()}


def _value(value: Any) -> str:
    return str(next(iter(value.values()))) if isinstance(value, Mapping) and value else str(value)


def _batch_get(call: Call) -> Iterator[Access]:
    for table, asked in (call.parameters.get("RequestItems") or {}).items():
        arn = _table(call, table)
        leading = _leading(call, arn, ({"Key": key} for key in asked.get("Keys", ())))
        yield Access("dynamodb:BatchGetItem", arn, _many(leading, _attributes(asked)))


def _batch_write(call: Call) -> Iterator[Access]:
    for table, requests in (call.parameters.get("RequestItems") or {}).items():
        arn, inner = _table(call, table), [one for request in requests for one in request.values()]
        yield Access("dynamodb:BatchWriteItem", arn, _many(_leading(call, arn, inner), ()))


def _transaction(call: Call) -> Iterator[Access]:
    enclosing = some(dynamodb__enclosingoperation=call.operation)
    for item in call.parameters.get("TransactItems") or ():
        for kind, request in item.items():
            arn = _table(call, request.get("TableName", ""))
            keys = {**enclosing, **_many(_leading(call, arn, [request]), _attributes(request))}
            yield Access(f"dynamodb:{_TRANSACT.get(kind, 'GetItem')}", arn, keys)


def _partiql(call: Call) -> Iterator[Access]:
    many = call.parameters.get("Statements") or call.parameters.get("TransactStatements")
    for statement in [call.parameters] if many is None else many:
        found = _PARTIQL.search(statement.get("Statement", ""))
        if found is None:  # DynamoDB says what is wrong with it
            continue
        verb = found["verb"].title().replace("Exists", "Select")
        is_scan = verb == "Select" and "where" not in statement["Statement"].lower()
        keys = some(dynamodb__fulltablescan=str(is_scan).lower()) if verb == "Select" else {}
        yield Access(f"dynamodb:PartiQL{verb}", _table(call, found["table"], found["index"] or ""), keys)


def _item(call: Call) -> Iterator[Access]:
    yield Access(f"dynamodb:{call.operation}", _resource(call), _keys(call))


def _with_key(accesses: Accesses) -> Accesses:
    """Return accesses with those to the customer's keys that encrypt the tables."""

    def complete(call: Call) -> list[Access]:
        found = list(accesses(call))
        tables = dict.fromkeys(str(one.resource).partition("/index/")[0] for one in found)
        names = {arn: {"aws:dynamodb:tableName": arn.rpartition("/")[2]} for arn in tables}
        keys = [use_of_key(call, call.stored.encryption_key(arn), "Decrypt", context=names[arn]) for arn in tables]
        return found + [one for each in keys for one in each]

    return complete


_ITEMS: Final[Mapping[str, Accesses]] = {
    **dict.fromkeys(("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"), _item),
    **dict.fromkeys(("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"), _partiql),
    **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), _transaction),
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
}
_ABOUT_NO_TABLE: Final = frozenset(
    {
        "DescribeEndpoints",
        "DescribeLimits",
        "ListBackups",
        "ListExports",
        "ListGlobalTables",
        "ListImports",
        "ListTables",
    }
)
DYNAMODB: Final = ServiceTable(
    "dynamodb",
    _resource,
    without_resource=_ABOUT_NO_TABLE,
    special={operation: _with_key(accesses) for operation, accesses in _ITEMS.items()},
)


def _stream(call: Call) -> str:
    given = call.text("StreamArn") or call.text("ShardIterator").partition("|")[0]
    return given if given.startswith("arn:") else _table(call, "*", "") + "/stream/*"


DYNAMODB_STREAMS: Final = ServiceTable("dynamodb", _stream, without_resource=frozenset({"ListStreams"}))
