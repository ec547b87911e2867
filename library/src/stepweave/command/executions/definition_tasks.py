"""The tasks that a state machine's definition holds, and when each is tried again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stepweave.compiler.jsonpath_dialect.reading import (
    Purpose,
    StateJson,
    branches_of,
    nested_state_machine,
    purpose_of,
    stands_for,
    states_in,
)

_TIMEOUTS = frozenset({"States.Timeout", "States.HeartbeatTimeout"})
_NEVER_RETRIED = frozenset({"States.DataLimitExceeded", "States.Runtime"})


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
    stands_for : str
        The task in whose place it runs if that one fails; empty if it is no fallback.
    comes_back : frozenset of str
        The errors after which the workflow comes back to the task, such as that of an open circuit breaker.
    """

    id: str
    retriers: tuple[Retrier, ...] = ()
    stands_for: str = ""
    comes_back: frozenset[str] = frozenset()

    def retrier_for(self, error: str) -> int | None:
        """Return the index of the first retrier that matches an error; None if it is not retried."""
        return next((index for index, retrier in enumerate(self.retriers) if retrier.matches(error)), None)


def defined_tasks(definition: StateJson, nested: Mapping[str, StateJson] | None = None) -> tuple[DefinedTask, ...]:
    """List the tasks of a definition that call a function, in the order in which they can run.

    Structure states, and service integrations that only keep the machine running, are not tasks to a person.

    Parameters
    ----------
    definition : StateJson
        The definition.
    nested : Mapping[str, StateJson] | None
        The definitions of nested executions by the ARN of their state machine: their tasks come where the state that
        starts them stands. Tasks of others are left out.
    """
    return tuple(_tasks(definition, nested or {}))


def nested_state_machines(definition: StateJson) -> tuple[str, ...]:
    """List the ARNs of the state machines whose executions a definition starts and waits for."""
    return tuple(dict.fromkeys(arn for _, state in states_in(definition) if (arn := nested_state_machine(state))))


def _tasks(machine: StateJson, nested: Mapping[str, StateJson]) -> Iterator[DefinedTask]:
    states: Mapping[str, StateJson] = machine["States"]
    for name in _in_order(str(machine["StartAt"]), states):
        state = states[name]
        for inner in branches_of(state):
            yield from _tasks(inner, nested)
        arn = nested_state_machine(state)
        if arn in nested:
            yield from _tasks(nested[arn], {known: each for known, each in nested.items() if known != arn})
        elif purpose_of(state) is Purpose.AGENT:
            retriers = tuple(_retriers(state.get("Retry", ())))
            yield DefinedTask(name, retriers, stands_for(state), frozenset(_coming_back(name, states)))


def _coming_back(name: str, states: Mapping[str, StateJson]) -> Iterator[str]:
    """Yield the errors of a state whose catcher leads back to it, over nothing but steps that make up no task."""
    for catcher in states[name].get("Catch", ()):
        following, seen = str(catcher["Next"]), set[str]()
        while following in states and following not in seen and following != name:
            seen.add(following)
            state = states[following]
            following = "" if purpose_of(state) is Purpose.AGENT else str(state.get("Next", ""))
        if following == name:
            yield from catcher["ErrorEquals"]


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
