"""What a handler knows of the task that it runs."""

import math
import time
from dataclasses import dataclass

from stepweave.contract.execution import execution_path


@dataclass(frozen=True)
class TaskContext:
    """The task that is being run, and how long it may still take.

    Parameters
    ----------
    execution : str
        ARN of the execution.
    task : str
        The task's id.
    deadline : float
        When the invocation will be cut off, in seconds on the clock of :func:`time.monotonic`; never, if not given.
    idempotency_key : str
        The same for every attempt of this task on this input, in this execution and in one that redrives it; different
        for any other. Give it to a service that does a thing once per key: a task that died after an effect and before
        its result was stored is run again.

    Example
    -------
    >>> arn = "arn:aws:states:us-east-1:123456789012:execution:stepweave-code-review:run-1"
    >>> TaskContext(arn, "syntax_analysis").execution_name
    'run-1'
    """

    execution: str
    task: str
    deadline: float = math.inf
    idempotency_key: str = ""

    @property
    def execution_name(self) -> str:
        """The name of the execution. Another state machine of the account may have one of the same name."""
        return execution_path(self.execution).rpartition("/")[2]

    @property
    def execution_path(self) -> str:
        """The state machine and the execution's name, with a slash between: what keys of stored objects hold."""
        return execution_path(self.execution)

    def remaining_seconds(self) -> float:
        """Return how many seconds are left before the invocation is cut off, at least 0."""
        return max(0.0, self.deadline - time.monotonic())
