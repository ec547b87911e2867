"""Lambda handler of the counter."""

from lambdas.counter.contract import Count, CountInput, counter
from stepweave import TaskContext, agent_handler


@agent_handler(counter)
def handler(task: CountInput, _: TaskContext) -> Count:
    """Count."""
    lines = task.text.lines
    return Count(unit=task.unit, count=len(lines) if task.unit == "lines" else sum(len(line.split()) for line in lines))
