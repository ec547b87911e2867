"""What a handler knows of the task that it runs."""

import math
import time
from dataclasses import dataclass

from stepweave.contract.execution import execution_path
from stepweave.contract.secret import Secret
from stepweave.runtime.errors import ConfigurationError


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
    secrets : tuple[str | Secret, ...]
        What :meth:`secret` may read: the secrets of the agent's contract.

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
    secrets: tuple[str | Secret, ...] = ()

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

    def secret(self, name: str) -> str:
        """Return the value of a secret of the agent's contract.

        An execution environment keeps it for five minutes: what rotates a secret must let the one before be used for as
        long. Outside of AWS Lambda, as in a test, it is read each time.

        Parameters
        ----------
        name : str
            Its name, as the contract has it.

        Raises
        ------
        ConfigurationError
            If the contract does not name it, it does not exist, the function may not read it, or it is no text.
        TransientError
            If the service could not be reached, throttled or failed.

        Example
        -------
        >>> context.secret("claims/payer")  # doctest: +SKIP
        'hunter2'
        """
        from stepweave.runtime.secret_values import secret_value  # noqa: PLC0415 - few agents have any

        wanted = next((one for one in map(Secret.of, self.secrets) if one.name == name), None)
        if wanted is None:
            raise ConfigurationError(
                f"the contract names no secret {name!r}; add it there: Agent(..., secrets=({name!r},))"
            )
        return secret_value(wanted)
