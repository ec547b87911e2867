"""DynamoDB answers the direct way as it does by moto's own, but writes one after the other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.table import Table

from stepweave.local_cloud.adapters.dynamodb.calls import direct_dynamodb_calls
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication
from tests.dynamodb_tables import create_table

KEY = {"id": {"S": "a"}}
ITEM = {**KEY, "n": {"N": "1"}, "l": {"L": [{"S": "x"}, {"BOOL": True}, {"NULL": True}]}, "s": {"SS": ["p", "q"]}}
NAMES = {"#n": "n"}


@pytest.fixture
def upstream(application: WsgiApplication) -> Any:
    return InProcessClients(application, "http://localhost").client("us-east-1", "dynamodb")


@pytest.fixture
def direct(application: WsgiApplication) -> Any:
    prepared: list[str] = []
    direct = direct_dynamodb_calls(application, lambda: prepared.append("dynamodb"))
    return InProcessClients(direct, "http://localhost").client("us-east-1", "dynamodb")


def calls(table: str) -> list[tuple[str, dict[str, Any]]]:
    """Calls of every operation on items, some of which fail."""
    condition = {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    increment = {
        "UpdateExpression": "SET #n = #n + :one",
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    put = {"TableName": table, "Item": ITEM}
    at_key = {"TableName": table, "Key": KEY}
    return [
        ("put_item", {**put, **condition}),
        ("put_item", {**put, **condition}),
        ("put_item", {**put, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}),
        ("put_item", {"TableName": "absent", "Item": ITEM}),
        ("put_item", {"TableName": table, "Item": {"other": {"S": "no key"}}}),
        ("put_item", {"TableName": table, "Item": {**KEY, "blob": {"B": b"\x00\xff"}, "set": {"BS": [b"1"]}}}),
        ("get_item", {**at_key, "ConsistentRead": True}),
        ("put_item", put),
        ("update_item", {**at_key, **increment, "ReturnValues": "ALL_NEW"}),
        ("update_item", {**at_key, **increment, "ConditionExpression": "#n = :one"}),
        ("update_item", {**at_key, **increment, "UpdateExpression": "SET #n = :absent"}),
        ("update_item", {**at_key, **increment, "UpdateExpression": ""}),
        ("get_item", {**at_key, "ProjectionExpression": "n"}),
        ("get_item", {"TableName": table, "Key": {"id": {"S": "none"}}}),
        (
            "query",
            {
                "TableName": table,
                "KeyConditionExpression": "id = :id",
                "ExpressionAttributeValues": {":id": KEY["id"]},
            },
        ),
        ("scan", {"TableName": table, "Limit": 1}),
        ("batch_get_item", {"RequestItems": {table: {"Keys": [KEY]}}}),
        ("batch_write_item", {"RequestItems": {table: [{"DeleteRequest": {"Key": KEY}}]}}),
        ("transact_write_items", {"TransactItems": [{"Put": {**put, **condition}}]}),
        ("transact_write_items", {"TransactItems": [{"Put": {**put, **condition}}]}),
        ("transact_get_items", {"TransactItems": [{"Get": at_key}]}),
        ("delete_item", {**at_key, "ReturnValues": "ALL_OLD"}),
    ]


def outcome(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    try:
        answer = getattr(client, operation)(**parameters)
    except ClientError as error:
        answer = {**error.response, "Error": error.response["Error"]["Code"], "class": type(error).__name__}
    status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    answer.pop("ConsumedCapacity", None)
    answer.pop("ItemCollectionMetrics", None)
    return status, answer


def test_answers_and_errors_are_those_of_moto_but_for_their_words(upstream: Any, direct: Any) -> None:
    create_table(upstream, "one")
    create_table(upstream, "two")
    for (operation, of_one), (_, of_two) in zip(calls("one"), calls("two"), strict=True):
        expected = outcome(upstream, operation, of_one)
        assert repr(outcome(direct, operation, of_two)).replace("two", "one") == repr(expected), operation


def test_the_calls_do_go_the_direct_way(
    application: WsgiApplication, upstream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_table(upstream, "t")
    passed: list[str] = []

    def counting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        passed.append(environ["HTTP_X_AMZ_TARGET"])
        return application(environ, start_response)

    direct = direct_dynamodb_calls(counting, lambda: None)
    client: Any = InProcessClients(direct, "http://localhost").client("us-east-1", "dynamodb")
    client.put_item(TableName="t", Item=ITEM)
    assert client.get_item(TableName="t", Key=KEY)["Item"] == ITEM
    assert not passed
    client.describe_table(TableName="t")
    assert passed == ["DynamoDB_20120810.DescribeTable"]


def test_what_is_no_json_is_refused_as_aws_does(direct: Any) -> None:
    direct.meta.events.register("before-sign.*.*", lambda request, **_: setattr(request, "data", b"{"))
    with pytest.raises(ClientError, match="SerializationException"):
        direct.scan(TableName="t")


def test_conditional_writes_are_atomic(upstream: Any, direct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Table.get_item

    def get_item(*given: Any, **named: Any) -> Any:
        found = read(*given, **named)
        time.sleep(0.05)  # between the look and the write, which others may use
        return found

    monkeypatch.setattr(Table, "get_item", get_item)

    def winners(client: Any, name: str) -> int:
        create_table(upstream, name)

        def write(number: int) -> bool:
            item = {**KEY, "n": {"N": str(number)}}
            try:
                client.put_item(TableName=name, Item=item, ConditionExpression="attribute_not_exists(id)")
            except client.exceptions.ConditionalCheckFailedException:
                return False
            return True

        with ThreadPoolExecutor(4) as executor:
            return sum(executor.map(write, range(4)))

    assert winners(upstream, "as-it-is") > 1
    assert winners(direct, "adapted") == 1
