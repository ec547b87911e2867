"""Keeps DynamoDB tables and their items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def read_tables(session: boto3.Session) -> dict[str, Any]:
    """Return the tables by name: how each is created, and its items."""
    client: DynamoDBClient = session.client("dynamodb")
    names = [name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    return {name: {"table": _creation(client, name), "items": _items(client, name)} for name in names}


def restore_tables(session: boto3.Session, tables: Mapping[str, Any]) -> None:
    """Create the tables that are not there, and put the items into all."""
    client: DynamoDBClient = session.client("dynamodb")
    there = {name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    for name, kept in tables.items():
        if name not in there:
            client.create_table(TableName=name, **kept["table"])
        for item in kept["items"]:
            client.put_item(TableName=name, Item=item)


def _creation(client: DynamoDBClient, name: str) -> dict[str, Any]:
    table = client.describe_table(TableName=name)["Table"]
    creation: dict[str, Any] = {
        "KeySchema": table["KeySchema"],
        "AttributeDefinitions": table["AttributeDefinitions"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    indexes: dict[str, list[Any]] = {
        "GlobalSecondaryIndexes": [*table.get("GlobalSecondaryIndexes", [])],
        "LocalSecondaryIndexes": [*table.get("LocalSecondaryIndexes", [])],
    }
    for kind, described in indexes.items():
        kept = [
            {"IndexName": one["IndexName"], "KeySchema": one["KeySchema"], "Projection": one["Projection"]}
            for one in described
        ]
        if kept:
            creation[kind] = kept
    return creation


def _items(client: DynamoDBClient, name: str) -> list[Any]:
    pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]
