"""Lambda handler of the substitute."""

from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext

from ..caller.contract import Answer, Question
from .contract import substitute


@agent_handler(substitute)
def handler(task: Question, context: TaskContext) -> Answer:
    """Answer."""
    return Answer(by=context.task)
