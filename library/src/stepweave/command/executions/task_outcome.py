"""What became of each task of an execution."""

from collections import Counter
from enum import StrEnum

from stepweave.command.executions.progress import Progress, TaskProgress, TaskStatus

_MOST_LINES = 20
"""Tasks that a summary tells of one by one."""


class TaskOutcome(StrEnum):
    """What became of a task."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It failed, and the execution with it."""
    OPTIONAL_FAILED = "optional_failed"
    """It failed, and the execution went on without its result."""
    REPLACED = "replaced"
    """It failed, and its fallback's result stands for its own."""
    STOPPED = "stopped"
    """It was under way when the execution ended without it."""
    UNDER_WAY = "under_way"
    NOT_NEEDED = "not_needed"
    """It is a fallback of a task that did not need one."""
    NOT_RUN = "not_run"
    """The execution ended before its turn came."""
    WAITING = "waiting"


_PLAIN = {
    TaskStatus.RUNNING: TaskOutcome.UNDER_WAY,
    TaskStatus.RETRYING: TaskOutcome.UNDER_WAY,
    TaskStatus.DONE: TaskOutcome.SUCCEEDED,
    TaskStatus.STOPPED: TaskOutcome.STOPPED,
}


def task_outcome(progress: Progress, name: str) -> TaskOutcome:
    """Say what became of a task.

    Parameters
    ----------
    progress : Progress
        What is known of the execution.
    name : str
        The task.
    """
    task = progress.tasks[name]
    if task.status is TaskStatus.FAILED:
        if replacement(progress, name) is not None:
            return TaskOutcome.REPLACED
        return TaskOutcome.OPTIONAL_FAILED if task.caught and not _fatal(progress, name) else TaskOutcome.FAILED
    if task.status is TaskStatus.WAITING:
        replaced = progress.tasks.get(progress.defined[name].stands_for, TaskProgress())
        if replaced.status is TaskStatus.DONE or replacement(progress, progress.defined[name].stands_for) is not None:
            return TaskOutcome.NOT_NEEDED
        return TaskOutcome.NOT_RUN if progress.ended else TaskOutcome.WAITING
    return _PLAIN[task.status]


def replacement(progress: Progress, name: str) -> str | None:
    """Return the fallback whose result stands for a task's; None if there is none."""
    done = (other for other in progress.fallbacks.get(name, ()) if progress.tasks[other].status is TaskStatus.DONE)
    return next(done, None)


def retries(task: TaskProgress) -> int:
    """Return how often a task was tried again."""
    return max(0, task.attempts - 1)


def summary_lines(progress: Progress) -> list[tuple[str, str]]:
    """Return labels and texts for people: how many tasks came to what, and each that did not simply succeed."""
    outcomes = {name: task_outcome(progress, name) for name in progress.shown}
    counts = Counter(outcomes.values())
    notable = [name for name in outcomes if (note := _note(progress, name, outcomes[name])) and note]
    if not notable:
        return []
    said = ", ".join(f"{counts[outcome]} {_WORDS[outcome]}" for outcome in TaskOutcome if counts[outcome])
    lines = [("tasks", said), *((name, _note(progress, name, outcomes[name])) for name in notable[:_MOST_LINES])]
    if len(notable) > _MOST_LINES:
        lines.append(("", f"and {len(notable) - _MOST_LINES} more; --json tells of all"))
    return lines


_WORDS = {outcome: outcome.replace("_", " ") for outcome in TaskOutcome} | {
    TaskOutcome.OPTIONAL_FAILED: "failed without harm",
    TaskOutcome.REPLACED: "replaced by a fallback",
}


def _note(progress: Progress, name: str, outcome: TaskOutcome) -> str:
    task = progress.tasks[name]
    tries = f" in {task.attempts} attempts" if task.attempts > 1 else ""
    if outcome is TaskOutcome.SUCCEEDED:
        again = retries(task)
        return f"succeeded after {again} {'retry' if again == 1 else 'retries'}" if again else ""
    if outcome is TaskOutcome.OPTIONAL_FAILED:
        return f"failed{tries} with {task.error}; the workflow went on without it"
    if outcome is TaskOutcome.REPLACED:
        return f"failed{tries} with {task.error}; {replacement(progress, name)} took its place"
    return _WORDS[outcome] if outcome is not TaskOutcome.FAILED else f"failed{tries} with {task.error}"


def _fatal(progress: Progress, name: str) -> bool:
    """Tell whether the last resort of a task failed and took the execution with it."""
    return any(
        progress.tasks[other].status is TaskStatus.FAILED and not progress.tasks[other].caught
        for other in progress.fallbacks.get(name, ())
    )
