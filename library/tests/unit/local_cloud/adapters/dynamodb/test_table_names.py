import pytest

from stepweave.local_cloud.adapters.dynamodb.table_names import table_names
from tests.unit.local_cloud.adapters.conftest import Client


def test_a_name_has_only_some_signs(client: Client) -> None:
    tables = client("dynamodb")
    key = {"id": {"S": "1"}}
    with pytest.raises(tables.exceptions.ResourceNotFoundException):
        tables.put_item(TableName="/t", Item=key)
    with table_names():
        with pytest.raises(tables.exceptions.ResourceNotFoundException):
            tables.put_item(TableName="t-1_2.3", Item=key)
        with pytest.raises(tables.exceptions.ClientError) as refused:
            tables.put_item(TableName="/t", Item=key)
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "1 validation error detected: Value '/t' at 'tableName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    }
