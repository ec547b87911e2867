"""Lambda handler of the actor."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.aws_errors import error_code, is_transient
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import TransientError

from .contract import EFFECTS_TABLE, Action, Receipt, actor


@agent_handler(actor)
def handler(task: Action, context: TaskContext) -> Receipt:
    """Enter, have the effect, and return the receipt."""
    with transient_errors():
        dynamodb().update_item(
            TableName=EFFECTS_TABLE,
            Key={"id": {"S": context.idempotency_key}},
            UpdateExpression="ADD entries :entry SET execution = :execution, task = :task",
            ExpressionAttributeValues={
                ":entry": {"SS": [uuid.uuid4().hex]},  # a set: it stays what it is if the call is repeated
                ":execution": {"S": context.execution_name},
                ":task": {"S": context.task},
            },
        )
        receipt = order(context.idempotency_key)
    return Receipt(task=context.task, number=task.number, receipt=receipt, given=task.given)


def order(key: str) -> str:
    """Do what is done once per key, and return its receipt: the first one, if it was done before."""
    receipt = uuid.uuid4().hex
    try:
        dynamodb().update_item(
            TableName=EFFECTS_TABLE,
            Key={"id": {"S": key}},
            UpdateExpression="ADD effects :one SET receipt = :receipt",
            ConditionExpression="attribute_not_exists(receipt)",
            ExpressionAttributeValues={":one": {"N": "1"}, ":receipt": {"S": receipt}},
        )
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        found = dynamodb().get_item(TableName=EFFECTS_TABLE, Key={"id": {"S": key}}, ConsistentRead=True)
        receipt = found["Item"]["receipt"]["S"]
    return receipt


@contextmanager
def transient_errors() -> Iterator[None]:
    """Let the task be tried again where DynamoDB failed."""
    try:
        yield
    except Exception as error:
        if is_transient(error):
            raise TransientError(str(error)) from error
        raise
