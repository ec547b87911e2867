"""The contract of an agent: the one place that says what it takes, returns and needs."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from stepweave.contract.breaker import Breaker
from stepweave.contract.calls import record_call
from stepweave.contract.retry import Retry

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MAX_TIMEOUT = timedelta(minutes=15)


@dataclass(frozen=True)
class Agent(Generic[InputT, OutputT]):
    """What an agent takes, what it returns and what its function needs.

    Inside a ``@workflow`` function a contract is called to place a task:
    ``linter("syntax_analysis", repo=repo)``. The handler is never imported for that.

    Parameters
    ----------
    name : str
        The agent's name, which is also its folder below ``lambdas/``.
    input, output : type[BaseModel]
        The models of what it is given and what it returns.
    timeout : timedelta
        How long one attempt may take, at most 15 minutes.
    memory_mb : int
        Memory of the function in MiB, 128 to 10,240.
    ephemeral_storage_mb : int
        Size of the function's ``/tmp`` in MiB, 512 to 10,240.
    reserved_concurrency : int | None
        How many invocations may run at once over the whole fleet; None reserves none.
    retry : Retry
        How a task of this agent is tried again, unless the workflow says otherwise.
    expected : timedelta | None
        How long a task of this agent usually takes, unless the workflow says otherwise; None if that is not known.
    breaker : Breaker | None
        The circuit breaker that guards what the agent depends on; None guards nothing.

    Raises
    ------
    ValueError
        If a value is outside the range that AWS Lambda allows.
    TypeError
        If the breaker is no :class:`~stepweave.contract.breaker.Breaker`.

    Example
    -------
    >>> echo = Agent(name="echo", input=Words, output=Words)  # doctest: +SKIP
    """

    name: str
    input: type[InputT]
    output: type[OutputT]
    timeout: timedelta = timedelta(minutes=1)
    memory_mb: int = 512
    ephemeral_storage_mb: int = 512
    reserved_concurrency: int | None = None
    retry: Retry = field(default_factory=Retry)
    expected: timedelta | None = None
    breaker: Breaker | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"agent name {self.name!r}: use a lower-case Python identifier of at most 40 characters")
        if not timedelta(seconds=1) <= self.timeout <= _MAX_TIMEOUT:
            raise ValueError(f"agent {self.name}: timeout must be 1 second to 15 minutes, not {self.timeout}")
        if self.expected is not None and not timedelta() < self.expected <= self.timeout:
            raise ValueError(
                f"agent {self.name}: expected must be above 0 and at most the timeout, not {self.expected}"
            )
        if self.breaker is not None and not isinstance(self.breaker, Breaker):
            raise TypeError(f"agent {self.name}: breaker must be a Breaker, as in Breaker(name='github-api')")
        for what, value in (("memory_mb", self.memory_mb), ("ephemeral_storage_mb", self.ephemeral_storage_mb)):
            least = 128 if what == "memory_mb" else 512
            if not least <= value <= 10_240:
                raise ValueError(f"agent {self.name}: {what} must be {least} to 10240, not {value}")
        if self.reserved_concurrency is not None and self.reserved_concurrency < 1:
            raise ValueError(f"agent {self.name}: reserved_concurrency must be at least 1")

    def __call__(self, task_id: str | None = None, /, **inputs: object) -> Any:
        """Place a task of this agent in the workflow that is being traced.

        Parameters
        ----------
        task_id : str | None
            The task's id; the agent's name if not given.
        **inputs : object
            The task's input by field name: results of other tasks, workflow inputs, or constants.

        Returns
        -------
        Any
            The task's handle, which stands for its future result. It is typed ``Any`` so that it passes
            for that result in the workflow function; the tracer checks the real types.

        Raises
        ------
        RuntimeError
            If it is called outside a ``@workflow`` function.
        """
        return record_call(self, task_id, inputs)
