from typing import Any

from moto.dynamodb.models import dynamodb_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION
from stepweave.local_cloud.adapters.dynamodb.filed_items import IN_MEMORY, filed_items
from stepweave.local_cloud.spool import Filed
from tests.unit.local_cloud.adapters.conftest import Client

VALUES: dict[str, Any] = {
    "text": {"S": "\u20ac"},
    "number": {"N": "1.5"},
    "bytes": {"B": b"\x00\xff"},
    "none": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"M": {"b": {"BOOL": False}}}]},
    "set": {"SS": ["a", "b"]},
}
COUNT = 40


def table(client: Client) -> Any:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def key(number: int) -> dict[str, Any]:
    return {"id": {"S": str(number)}}


def items() -> list[Any]:
    return list(dynamodb_backends[ACCOUNT_ID][REGION].tables["table"].items.values())


def test_items_are_filed_and_read_and_changed_as_they_were(client: Client) -> None:
    with filed_items():
        dynamodb = table(client)
        for number in range(COUNT):
            dynamodb.put_item(TableName="table", Item={**key(number), **VALUES})
        for _ in range(IN_MEMORY):
            assert items()[-1].attrs
        assert sum(isinstance(vars(item)["attrs"], Filed) for item in items()) == COUNT - 1
        change = {"ExpressionAttributeNames": {"#n": "number"}, "ExpressionAttributeValues": {":one": {"N": "1"}}}
        dynamodb.update_item(TableName="table", Key=key(0), UpdateExpression="SET #n = #n + :one", **change)
        assert dynamodb.get_item(TableName="table", Key=key(0))["Item"] == {**key(0), **VALUES, "number": {"N": "2.5"}}
        assert dynamodb.get_item(TableName="table", Key=key(1))["Item"] == {**key(1), **VALUES}
        found = dynamodb.scan(TableName="table", FilterExpression="#n > :one", **change)
        assert found["Count"] == COUNT


def test_upstream_still_keeps_items_in_dictionaries(client: Client) -> None:
    table(client).put_item(TableName="table", Item={**key(1), **VALUES})
    assert isinstance(vars(items()[0])["attrs"], dict)
