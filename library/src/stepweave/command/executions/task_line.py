"""How a task's progress reads."""

from stepweave.command.executions.progress import TaskProgress, TaskStatus

STYLES = {
    TaskStatus.WAITING: "dim",
    TaskStatus.RUNNING: "cyan",
    TaskStatus.RETRYING: "yellow",
    TaskStatus.DONE: "green",
    TaskStatus.FAILED: "red",
    TaskStatus.STOPPED: "magenta",
}


def status_text(task: TaskProgress) -> str:
    """Say in a few words where a task stands.

    Example
    -------
    >>> status_text(TaskProgress(TaskStatus.RUNNING, attempts=2))
    'retrying (attempt 2)'
    """
    if task.status is TaskStatus.RUNNING and task.attempts > 1:
        return f"retrying (attempt {task.attempts})"
    if task.status is TaskStatus.RETRYING:
        return f"retrying (attempt {task.attempts + 1} next, after {task.error})"
    if task.status is TaskStatus.DONE and task.attempts > 1:
        return f"done (attempt {task.attempts})"
    if task.status is TaskStatus.FAILED:
        return f"failed: {task.error}" + (" (going on without it)" if task.caught else "")
    return str(task.status)


def status_style(task: TaskProgress) -> str:
    """Return the style of a task's status."""
    if task.status is TaskStatus.RUNNING and task.attempts > 1:
        return STYLES[TaskStatus.RETRYING]
    return STYLES[task.status]
