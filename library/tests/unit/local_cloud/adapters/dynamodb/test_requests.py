"""Requests about items that AWS refuses, or answers otherwise than moto."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.dynamodb.calls import direct_dynamodb_calls
from stepweave.local_cloud.adapters.dynamodb.partiql import refused_partiql
from stepweave.local_cloud.adapters.dynamodb.sizes import missing_sizes
from stepweave.local_cloud.adapters.refused_operations import refused_operations
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication

KEY = {"pk": {"S": "a"}, "sk": {"N": "1"}}
SCHEMA = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "g", "AttributeType": "S"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "gi",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def dynamodb(application: WsgiApplication) -> Any:
    direct = refused_operations(direct_dynamodb_calls(application, lambda: None))
    client: Any = InProcessClients(direct, "http://localhost").client("us-east-1", "dynamodb")
    client.create_table(TableName="t", **SCHEMA)
    return client


def item(**attributes: Any) -> dict[str, Any]:
    return {"TableName": "t", "Item": {**KEY, **attributes}}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("put_item", item(x={}), "Supplied AttributeValue is empty"),
    ("put_item", item(x={"S": "a", "N": "1"}), "has more than one datatypes set"),
    ("put_item", item(x={"N": "abc"}), "cannot be converted to a numeric value: abc"),
    ("put_item", item(x={"N": "1" * 39}), "more than 38 significant digits"),
    ("put_item", item(x={"N": "1e126"}), "Number overflow"),
    ("put_item", item(x={"N": "1e-131"}), "Number underflow"),
    ("put_item", item(x={"SS": []}), "An string set  may not be empty"),
    ("put_item", item(x={"NS": ["1", "1.0"]}), "Input collection [1, 1] contains duplicates."),
    ("put_item", item(x={"NULL": False}), "Null attribute value types must have the value of true"),
    ("put_item", item(pk={"S": ""}), "cannot contain an empty string value. Key: pk"),
    ("put_item", item(pk={"N": "1"}), "Type mismatch for key pk expected: S actual: N"),
    ("put_item", item(g={"N": "1"}), "Type mismatch for Index Key g Expected: S Actual: N IndexName: gi"),
    ("put_item", {"TableName": "t", "Item": {"pk": {"S": "a"}}}, "Missing the key sk in the item"),
    ("get_item", {"TableName": "t", "Key": {"pk": {"S": "a"}}}, "provided key element does not match the schema"),
    ("get_item", {"TableName": "t", "Key": {**KEY, "sk": {"S": "1"}}}, "provided key element does not match"),
    ("get_item", {"TableName": "t", "Key": KEY, "ProjectionExpression": "#n"}, "is not defined; attribute name: #n"),
    ("scan", {"TableName": "t", "Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint"),
    ("scan", {"TableName": "t", "IndexName": "x"}, "The table does not have the specified index: x"),
    ("scan", {"TableName": "t", "ExclusiveStartKey": {"pk": {"S": "a"}}}, "The provided starting key is invalid"),
    (
        "query",
        {
            "TableName": "t",
            "KeyConditionExpression": "pk = :p",
            "FilterExpression": "sk > :s",
            "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}},
        },
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
    ),
    ("batch_write_item", {"RequestItems": {}}, "Value '{}' at 'requestItems' failed to satisfy constraint"),
    (
        "batch_write_item",
        {"RequestItems": {"t": [{"PutRequest": {"Item": {**KEY, "sk": {"N": str(n)}}}} for n in range(26)]}},
        "less than or equal to 25",
    ),
    (
        "batch_write_item",
        {"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}},
        "Provided list of item keys contains duplicates",
    ),
    (
        "batch_get_item",
        {"RequestItems": {"t": {"Keys": [{**KEY, "sk": {"N": str(n)}} for n in range(101)]}}},
        "Too many items requested for the BatchGetItem call",
    ),
    ("transact_write_items", {"TransactItems": []}, "Value '[]' at 'transactItems' failed to satisfy constraint"),
    (
        "put_item",
        {**item(), "Expected": {"pk": {"Exists": False}}, "ConditionExpression": "attribute_exists(pk)"},
        "Can not use both expression and non-expression parameters",
    ),
]


@pytest.mark.parametrize("has_binary", [False, True])
def test_what_aws_refuses_is_refused_in_its_words(dynamodb: Any, has_binary: bool) -> None:
    for operation, request, message in REFUSED:
        given = request
        if has_binary:
            if "Item" not in request:
                continue
            given = {**request, "Item": {**request["Item"], "bin": {"B": b"\x01"}}}
        with pytest.raises(ClientError) as raised:
            getattr(dynamodb, operation)(**given)
        assert raised.value.response["Error"]["Code"] == "ValidationException"
        assert message in raised.value.response["Error"]["Message"], (operation, request)


def test_numbers_are_written_as_aws_writes_them(dynamodb: Any) -> None:
    dynamodb.put_item(**item(sk={"N": "1.0"}, x={"L": [{"N": "1E3"}, {"N": "-0"}]}, b={"B": b"\x01"}))
    found = dynamodb.get_item(TableName="t", Key={"pk": {"S": "a"}, "sk": {"N": "1"}})["Item"]
    assert (found["sk"], found["x"]) == ({"N": "1"}, {"L": [{"N": "1000"}, {"N": "0"}]})
    assert found["b"] == {"B": b"\x01"}


def test_a_transaction_is_done_once_for_its_token(dynamodb: Any) -> None:
    def add(value: str, token: str) -> None:
        update = {
            "TableName": "t",
            "Key": KEY,
            "UpdateExpression": "ADD n :v",
            "ExpressionAttributeValues": {":v": {"N": value}},
        }
        dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=token)

    add("1", "one")
    add("1", "one")
    add("1", "two")
    assert dynamodb.get_item(TableName="t", Key=KEY)["Item"]["n"] == {"N": "2"}
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        add("5", "one")


def test_capacity_is_told_to_who_asks(dynamodb: Any) -> None:
    large = item(x={"S": "x" * 5000})
    assert dynamodb.put_item(**large, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 5.0
    update = {"UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"N": "1"}}}
    assert "ConsumedCapacity" not in dynamodb.update_item(TableName="t", Key=KEY, **update)
    read = dynamodb.get_item(TableName="t", Key=KEY, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert read["ConsumedCapacity"] == {"TableName": "t", "CapacityUnits": 2.0}


def test_the_size_of_nothing_compares_with_nothing(dynamodb: Any) -> None:
    dynamodb.put_item(**item())
    scan = {"TableName": "t", "FilterExpression": "size(x) > :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    with pytest.raises(ClientError):  # upstream
        dynamodb.scan(**scan)
    with missing_sizes():
        assert dynamodb.scan(**scan)["Items"] == []


def test_partiql_is_refused_by_name(dynamodb: Any) -> None:
    with refused_partiql(), pytest.raises(ClientError, match=r"NotImplemented.*a statement in PartiQL"):
        dynamodb.execute_statement(Statement="SELECT * FROM t")
