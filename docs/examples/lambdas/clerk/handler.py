"""Lambda handler of the clerk."""

from lambdas.clerk.contract import Done, Step, clerk
from stepweave import TaskContext, TaskFailure, agent_handler


@agent_handler(clerk)
def handler(step: Step, context: TaskContext) -> Done:
    """Note what was done, on top of what."""
    given = [*step.given, *([step.extra] if isinstance(step.extra, Done) else [])]
    return Done(
        step=f"{context.task} (express)" if step.express else context.task,
        order=step.order,
        after=[one.step for one in given],
        failed=[step.extra.error] if isinstance(step.extra, TaskFailure) else [],
    )
