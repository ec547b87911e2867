"""What DynamoDB tells of a write whose condition did not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stepweave.runtime.aws_errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


def is_failed_condition(error: Exception) -> bool:
    """Tell whether nothing was written because the condition did not hold."""
    return error_code(error) == "ConditionalCheckFailedException"


def checked_item(
    error: Exception, client: DynamoDBClient, table: str, key: Mapping[str, AttributeValueTypeDef]
) -> Mapping[str, AttributeValueTypeDef]:
    """Return the item for which a write's condition did not hold; empty if there is none.

    The write asks for it by ``ReturnValuesOnConditionCheckFailure``. Not every engine sends it with the error, so that
    it may have to be read.

    Parameters
    ----------
    error : Exception
        What the write raised.
    client : DynamoDBClient
    table : str
        The table's name.
    key : mapping of str to attribute value
        The key of the item.
    """
    sent: Mapping[str, AttributeValueTypeDef] | None = getattr(error, "response", {}).get("Item")
    return sent or client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
