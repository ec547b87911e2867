"""What became of one task of an execution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue


@dataclass(frozen=True)
class TaskRun:
    """A task, or another state, of an execution.

    Parameters
    ----------
    id : str
        The task's id, which is its state's name.
    status : str
        ``NOT_STARTED``, ``RUNNING``, ``SUCCEEDED``, ``FAILED``, or ``ABORTED`` if the execution ended before it.
        A failure that the workflow caught is ``FAILED`` too.
    input, output : JsonValue
        What the agent was given and what it returned, with results that are in S3 in their places.
    attempts : int
        How often it was tried.
    started, ended : datetime | None
        When its state was entered, and when it was left or failed for good.
    error, cause : str
        What the latest attempt failed with; empty if that one succeeded.
    caught : bool
        Whether the workflow went on after its failure.
    """

    id: str
    status: str = "NOT_STARTED"
    input: JsonValue = None
    output: JsonValue = None
    attempts: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    cause: str = ""
    caught: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took, retries included, by the clock of Step Functions; None if it has not ended."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()
