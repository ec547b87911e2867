"""Lambda handler of the replayer."""

import time

from lambdas.replayer.contract import ReplayInput, ReplayResult, replayer
from lambdas.replayer.lineage import lineage
from lambdas.runtime.agent_handler import agent_handler
from lambdas.runtime.context import TaskContext


@agent_handler(replayer)
def handler(task: ReplayInput, context: TaskContext) -> ReplayResult:
    """Take as long as the task's recorded time."""
    started = time.time()
    if task.seconds:
        time.sleep(task.seconds)
    return ReplayResult(
        task=context.task,
        started=started,
        finished=time.time(),
        lineage=lineage(context.task, task.dependencies),
    )
