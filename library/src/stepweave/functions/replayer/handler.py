"""Lambda handler of the replayer."""

import time

from stepweave.functions.replayer.contract import ReplayInput, ReplayResult, replayer
from stepweave.functions.replayer.lineage import lineage
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


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
