"""The contract of an agent: the one place that says what it takes, returns and needs."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from stepweave.contract.breaker import Breaker
from stepweave.contract.calls import record_call
from stepweave.contract.option_checks import check_instance, check_time, check_whole_number, check_whole_seconds
from stepweave.contract.retry import Retry

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT", bound=BaseModel)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MAX_TIMEOUT_SECONDS = 900
_MOST_MIB = 10_240
_MOST_CONCURRENT = 2**31 - 1


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
        How long one attempt may take: whole seconds, at most 15 minutes.
    memory_mb : int
        Memory of the function in whole MiB, 128 to 10,240.
    ephemeral_storage_mb : int
        Size of the function's ``/tmp`` in whole MiB, 512 to 10,240.
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
        If a value is of another type: memory is a whole number, a time a ``timedelta``, a breaker a
        :class:`~stepweave.contract.breaker.Breaker`.

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
        if not isinstance(self.name, str):
            raise TypeError(f"the name of an agent must be a text, as in Agent(name='linter', ...), not {self.name!r}")
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"agent name {self.name!r}: use a lower-case Python identifier of at most 40 characters")
        own = f"agent {self.name}"
        for what, model in (("input", self.input), ("output", self.output)):
            if not (isinstance(model, type) and issubclass(model, BaseModel)):
                raise TypeError(f"{own}: {what} must be a class derived from pydantic.BaseModel, not {model!r}")
        check_whole_seconds(f"{own}: timeout", self.timeout, 1, _MAX_TIMEOUT_SECONDS)
        check_whole_number(f"{own}: memory_mb", self.memory_mb, 128, _MOST_MIB)
        check_whole_number(f"{own}: ephemeral_storage_mb", self.ephemeral_storage_mb, 512, _MOST_MIB)
        if self.reserved_concurrency is not None:
            check_whole_number(f"{own}: reserved_concurrency", self.reserved_concurrency, 1, _MOST_CONCURRENT)
        check_instance(f"{own}: retry", self.retry, Retry, "Retry(attempts=5)")
        if self.expected is not None:
            check_time(f"{own}: expected", self.expected, timedelta(microseconds=1), self.timeout)
        if self.breaker is not None:
            check_instance(f"{own}: breaker", self.breaker, Breaker, "Breaker('github-api')")

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
