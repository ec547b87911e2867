"""What a test has an agent, or another function, do."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self, TypeAlias

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from stepweave.cdk.naming import Names
from stepweave.contract.agent import Agent
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.project.agents import agent_contract, contract_file
from stepweave.testing.errors import TestApiError, is_the_tests

__tracebackhide__ = is_the_tests

JsonObject: TypeAlias = dict[str, JsonValue]
Tell: TypeAlias = Callable[..., dict[str, Any]]
"""Has the local cloud do an operation of its control API, and returns its answer."""


class CrashPoint(StrEnum):
    """When a worker process is killed."""

    STARTED = "started"
    """While it handles the event."""
    CALLED = "called"
    """When the agent's own code is about to be called: the attempt is under way for all others."""
    RETURNED = "returned"
    """When the agent's own code has done its work, and its result is not stored yet."""
    STORED = "stored"
    """When the agent's result is stored, and those who wait for it have not been told."""
    FINISHED = "finished"
    """After the handler's work is done, and before its result is known to anybody."""


class FunctionControl:
    """Has a function fail, wait or die, until the test ends.

    What is said first happens first, each as often as it says: ``function.fails(times=2).crashes()`` fails twice and
    dies then. A delay comes on top of that. With a `probability` it happens to that share of the calls, chosen by
    chance from a `seed`: the same seed chooses the same ones in the same sequence of calls.

    Parameters
    ----------
    tell : Tell
        Tells it to the local cloud.
    function : str
        The function's name.
    task : str | None
        The only task for which it happens.
    """

    def __init__(self, tell: Tell, function: str, task: str | None = None) -> None:
        self._tell = tell
        self._function = function
        self._task = task

    @property
    def calls(self) -> int:
        """How often the function was called in this test, retries included."""
        calls: int = self._tell("faults/calls", function=self._function, task=self._task)["calls"]
        return calls

    def fails(
        self,
        times: int | None = None,
        error: str = "TransientError",
        message: str = "injected",
        *,
        probability: float = 1.0,
        seed: int = 0,
    ) -> Self:
        """Raise an error in place of the function's own code.

        Parameters
        ----------
        times : int | None
            How often; None for always.
        error : str
            The error's name, which the workflow's retriers and catchers match.
        message : str
            What it says.
        probability : float
            The share of calls, 0 to 1.
        seed : int
            Chooses the calls.
        """
        return self._add({"kind": "fails", "error": error, "message": message}, times, probability, seed)

    def delays(self, seconds: float, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have its calls take longer. A delay that is as long as the function's timeout is a timeout."""
        fault: JsonObject = {"kind": "delays", "seconds": TypeAdapter(float).validate_python(seconds)}
        return self._add(fault, times, probability, seed)

    def crashes(
        self,
        times: int | None = 1,
        when: CrashPoint | str = CrashPoint.STARTED,
        *,
        probability: float = 1.0,
        seed: int = 0,
    ) -> Self:
        """Kill its worker process in mid-call.

        Parameters
        ----------
        times : int | None
            How often; None for always.
        when : CrashPoint | str
            ``started``: while it handles the event. ``finished``: when its work is done, its result stored and all
            who wait for it told, but before the function could return. Between these, for an agent: ``called``, when
            its own code is about to be called; ``returned``, when that has done its work; ``stored``, when its result
            is stored and nobody has been told.
        probability : float
            The share of calls, 0 to 1.
        seed : int
            Chooses the calls.
        """
        return self._add({"kind": "crashes", "when": CrashPoint(when)}, times, probability, seed)

    def times_out(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Let the function run out of time. Where time is not skipped it is over at once."""
        return self._add({"kind": "times out"}, times, probability, seed)

    def is_throttled(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have Lambda refuse its calls as too many."""
        return self._add({"kind": "refused", "reason": "throttled"}, times, probability, seed)

    def is_unavailable(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have Lambda fail instead of calling it."""
        return self._add({"kind": "refused", "reason": "unavailable"}, times, probability, seed)

    def is_called_twice(self, times: int | None = 1, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Deliver the same event twice at once, as an at-least-once service may."""
        return self._add({"kind": "repeats"}, times, probability, seed)

    def _add(self, fault: JsonObject, times: int | None, probability: float = 1.0, seed: int = 0) -> Self:
        if times is not None and times < 1:
            raise TestApiError(f"times is how often it happens, at least once, not {times}")
        chance = {"times": times, "probability": probability, "seed": seed}
        self._tell("faults/functions", function=self._function, task=self._task, fault=fault, **chance)
        return self


class AgentControl(FunctionControl):
    """Has an agent fail, return, wait or die, until the test ends; see `FunctionControl`.

    Parameters
    ----------
    tell : Tell
        Tells it to the local cloud.
    agent : Agent | str
        The agent, or its name.
    task : str | None
        The only task for which it happens.
    names : Names
        The names of the deployment that the agent is part of.

    Example
    -------
    >>> local_cloud.agent("counter").fails(times=2, error="TransientError")  # doctest: +SKIP
    """

    def __init__(self, tell: Tell, agent: Agent[Any, Any] | str, task: str | None, names: Names) -> None:
        self._contract = agent if isinstance(agent, Agent) else _contract(agent)
        super().__init__(tell, names.function(self._contract.name), task)

    def returns(self, value: BaseModel | JsonValue, times: int | None = None) -> Self:
        """Return a value in place of the agent's own code.

        Raises
        ------
        TestApiError
            If the agent's contract does not allow the value.
        """
        output = JsonType.of(self._contract.output)
        try:
            plain = JsonType.of(type(value)).dump(value) if isinstance(value, BaseModel) else value
            checked = output.dump(output.load(plain))
        except (ValidationError, NotJsonError) as error:
            raise TestApiError(f"{self._contract.name} cannot return this: {error}") from None
        return self._add({"kind": "returns", "value": checked}, times)


def _contract(name: str) -> Agent[Any, Any]:
    try:
        found = agent_contract(name)
    except ModuleNotFoundError:
        raise TestApiError(f"there is no agent {name!r}: no {contract_file(name)}") from None
    if found is None:
        raise TestApiError(f"{contract_file(name)} defines no agent called {name!r}")
    return found
