"""Says of a failed execution what a test's author wants to know first: which task failed, and of what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stepweave.testing.task_run import TaskRun

_SHOWN_CHARACTERS = 120
_SHOWN_FRAMES = 3


@dataclass(frozen=True)
class Failure:
    """Why an execution failed.

    Parameters
    ----------
    task : TaskRun | None
        The task whose failure nothing caught; None if no task did it, as when the execution's time was over.
    error, cause : str
        The task's, or else the execution's own.
    """

    task: TaskRun | None
    error: str
    cause: str

    @property
    def summary(self) -> str:
        """One short line."""
        message = " ".join(self.message.split())
        if len(message) > _SHOWN_CHARACTERS:
            message = message[: _SHOWN_CHARACTERS - 3] + "..."
        what = f"{self.error}: {message}" if self.error and message else self.error or message
        if self.task is None:
            return what
        times = "" if self.task.attempts == 1 else f" in {self.task.attempts} attempts"
        return f"task {self.task.id!r} failed{times} with {what}"

    @property
    def message(self) -> str:
        """The text of the error, without what Lambda puts around it."""
        lambda_error = self._lambda_error()
        return self.cause if lambda_error is None else str(lambda_error["errorMessage"])

    @property
    def text(self) -> str:
        """What is known, on several lines: the summary, the whole message, and where the agent raised it."""
        stack = (self._lambda_error() or {}).get("stackTrace")
        lines = [str(line).rstrip() for line in stack[-_SHOWN_FRAMES:]] if isinstance(stack, list) else []
        return "\n".join([self.summary, *([self.message] if self.message not in self.summary else []), *lines])

    def _lambda_error(self) -> Mapping[str, object] | None:
        try:
            found = json.loads(self.cause)
        except ValueError:
            return None
        return found if isinstance(found, dict) and "errorMessage" in found else None


def failure_among(tasks: Mapping[str, TaskRun], error: str, cause: str) -> Failure:
    """Return why an execution failed.

    Parameters
    ----------
    tasks : Mapping[str, TaskRun]
        Those that have started.
    error, cause : str
        What the execution itself failed with.
    """
    failed = [task for task in tasks.values() if task.status == "FAILED" and not task.caught]
    # Of several the one that the execution failed of; its error is also the execution's.
    failed.sort(key=lambda task: (task.error != error, task.ended is None, task.ended))
    if not failed:
        return Failure(None, error, cause)
    return Failure(failed[0], failed[0].error or error, failed[0].cause or cause)
