"""What a test has an agent, or another function, do."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from stepweave.cdk.naming import Names
from stepweave.contract.agent import Agent
from stepweave.contract.json_values import JsonType, NotJsonError
from stepweave.local_cloud.faults.function_fault import (
    Crashes,
    CrashPoint,
    Delays,
    Fails,
    FunctionFault,
    Refused,
    Repeats,
    Returns,
    TimesOut,
)
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_fault import FAILURE_ERRORS, THROTTLING_ERRORS
from stepweave.project.agents import agent_contract, contract_file
from stepweave.testing.errors import TestApiError, is_the_tests

__tracebackhide__ = is_the_tests


class FunctionControl:
    """Has a function fail, wait or die, until the test ends.

    What is said first happens first, each as often as it says: ``function.fails(times=2).crashes()`` fails twice and
    dies then. A delay comes on top of that. With a `probability` it happens to that share of the calls, chosen by
    chance from a `seed`: the same seed chooses the same ones in the same sequence of calls.

    Parameters
    ----------
    plan : FaultPlan
        Where it is written down.
    function : str
        The function's name.
    task : str | None
        The only task for which it happens.
    """

    def __init__(self, plan: FaultPlan, function: str, task: str | None = None) -> None:
        self._plan = plan
        self._function = function
        self._task = task

    @property
    def calls(self) -> int:
        """How often the function was called in this test, retries included."""
        return self._plan.calls(self._function, self._task)

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
        return self._add(Fails(error, message), times, probability, seed)

    def delays(self, seconds: float, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have its calls take longer. A delay that is as long as the function's timeout is a timeout."""
        return self._add(Delays(TypeAdapter(float).validate_python(seconds)), times, probability, seed)

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
        return self._add(Crashes(CrashPoint(when)), times, probability, seed)

    def times_out(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Let the function run out of time. Where time is not skipped it is over at once."""
        return self._add(TimesOut(), times, probability, seed)

    def is_throttled(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have Lambda refuse its calls as too many."""
        return self._add(Refused(*THROTTLING_ERRORS["lambda"]), times, probability, seed)

    def is_unavailable(self, times: int | None = None, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Have Lambda fail instead of calling it."""
        return self._add(Refused(*FAILURE_ERRORS["lambda"]), times, probability, seed)

    def is_called_twice(self, times: int | None = 1, *, probability: float = 1.0, seed: int = 0) -> Self:
        """Deliver the same event twice at once, as an at-least-once service may."""
        return self._add(Repeats(), times, probability, seed)

    def _add(self, fault: FunctionFault, times: int | None, probability: float = 1.0, seed: int = 0) -> Self:
        if times is not None and times < 1:
            raise TestApiError(f"times is how often it happens, at least once, not {times}")
        try:
            self._plan.add(self._function, fault, task=self._task, times=times, probability=probability, seed=seed)
        except ValueError as error:
            raise TestApiError(str(error)) from None
        return self


class AgentControl(FunctionControl):
    """Has an agent fail, return, wait or die, until the test ends; see `FunctionControl`.

    Parameters
    ----------
    plan : FaultPlan
        Where it is written down.
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

    def __init__(self, plan: FaultPlan, agent: Agent[Any, Any] | str, task: str | None, names: Names) -> None:
        self._contract = agent if isinstance(agent, Agent) else _contract(agent)
        super().__init__(plan, names.function(self._contract.name), task)

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
        return self._add(Returns(checked), times)


def _contract(name: str) -> Agent[Any, Any]:
    try:
        found = agent_contract(name)
    except ModuleNotFoundError:
        raise TestApiError(f"there is no agent {name!r}: no {contract_file(name)}") from None
    if found is None:
        raise TestApiError(f"{contract_file(name)} defines no agent called {name!r}")
    return found
