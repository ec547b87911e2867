"""Lambda handler of the waiter."""

from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.context import TaskContext
from stepweave.runtime.errors import TransientError

from ..caller.contract import BACKEND, BACKEND_TABLE, Answer, Question
from .contract import waiter


@agent_handler(waiter)
def handler(task: Question, context: TaskContext) -> Answer:
    """Ask the backend."""
    item = dynamodb().get_item(TableName=BACKEND_TABLE, Key={"id": {"S": BACKEND}}, ConsistentRead=True)["Item"]
    if not item["healthy"]["BOOL"]:
        raise TransientError("the backend is down")
    return Answer(by=context.task)
