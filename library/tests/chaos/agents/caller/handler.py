"""Lambda handler of the caller."""

import os
import time

from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import TransientError

from .contract import BACKEND, BACKEND_TABLE, Answer, Question, caller

LATENCY_SECONDS = 0.1
"""So long that calls which begin together are served by processes of their own."""


@agent_handler(caller)
def handler(task: Question, context: TaskContext) -> Answer:
    """Ask the backend."""
    return ask_backend(context)


def ask_backend(context: TaskContext) -> Answer:
    """Return the backend's answer, if it is not down."""
    item = dynamodb().update_item(
        TableName=BACKEND_TABLE,
        Key={"id": {"S": BACKEND}},
        UpdateExpression="ADD calls :one, callers :me",
        ExpressionAttributeValues={":one": {"N": "1"}, ":me": {"SS": [str(os.getpid())]}},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    time.sleep(LATENCY_SECONDS)
    if not item["healthy"]["BOOL"]:
        raise TransientError("the backend is down")
    return Answer(by=context.task)
