"""The tasks that a state machine's definition holds, and when each is tried again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TIMEOUTS = frozenset({"States.Timeout", "States.HeartbeatTimeout"})
_NEVER_RETRIED = frozenset({"States.DataLimitExceeded", "States.Runtime"})

StateJson = Mapping[str, Any]
"""A state, or a definition, in Amazon States Language."""


@dataclass(frozen=True)
class Retrier:
    """One entry of a state's ``Retry``."""

    errors: tuple[str, ...]
    attempts: int = 3

    def matches(self, error: str) -> bool:
        """Tell whether the retrier is for an error of this name."""
        if error in self.errors:
            return True
        if error in _NEVER_RETRIED:
            return False
        return "States.ALL" in self.errors or ("States.TaskFailed" in self.errors and error not in _TIMEOUTS)


@dataclass(frozen=True)
class DefinedTask:
    """A task as its state defines it.

    Parameters
    ----------
    id : str
        The name of the state.
    retriers : tuple of Retrier
        In the order in which Step Functions looks at them.
    """

    id: str
    retriers: tuple[Retrier, ...] = ()

    def retrier_for(self, error: str) -> int | None:
        """Return the index of the first retrier that matches an error; None if it is not retried."""
        return next((index for index, retrier in enumerate(self.retriers) if retrier.matches(error)), None)


def defined_tasks(definition: StateJson) -> tuple[DefinedTask, ...]:
    """List the tasks of a definition that call a function, in the order in which they can run.

    Structure states, and service integrations that only keep the machine running, are not tasks to a person.
    """
    return tuple(_tasks(definition))


def _tasks(machine: StateJson) -> Iterator[DefinedTask]:
    states: Mapping[str, StateJson] = machine["States"]
    for name in _in_order(str(machine["StartAt"]), states):
        state = states[name]
        for inner in _inner_machines(state):
            yield from _tasks(inner)
        if state["Type"] == "Task" and _calls_function(str(state.get("Resource", ""))):
            yield DefinedTask(name, tuple(_retriers(state.get("Retry", ()))))


def _inner_machines(state: StateJson) -> Sequence[StateJson]:
    if state["Type"] == "Parallel":
        branches: Sequence[StateJson] = state["Branches"]
        return branches
    if state["Type"] == "Map":
        return [state.get("ItemProcessor") or state["Iterator"]]
    return ()


def _retriers(entries: Iterable[StateJson]) -> Iterator[Retrier]:
    for entry in entries:
        yield Retrier(tuple(entry["ErrorEquals"]), int(entry.get("MaxAttempts", 3)))


def _in_order(start: str, states: Mapping[str, StateJson]) -> Iterator[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in seen or name not in states:
            continue
        seen.add(name)
        yield name
        # The last one pushed is looked at first: the usual way on, before what follows a caught error.
        ahead.extend(reversed(_next_states(states[name])))


def _next_states(state: StateJson) -> list[str]:
    rules = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    following = [str(rule["Next"]) for rule in rules if "Next" in rule]
    return [*following, str(state["Default"])] if "Default" in state else following


def _calls_function(resource: str) -> bool:
    # ${agent_linter} in a compiled definition, the function's ARN in a deployed one.
    return ":function:" in resource or resource.startswith("${agent_") or ":states:::lambda:invoke" in resource
