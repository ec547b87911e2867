"""Names of states and of the keys under which results travel."""

import re
from collections.abc import Iterable, Iterator, Sequence

from stepweave.compiler.dataflow import BranchesFlow, Flow, GateFlow, Slot

MAX_STATE_NAME = 80
"""Characters that a state's name may have (Amazon States Language)."""

_PLAIN_KEY = re.compile(r"[\w.:/#~=+@-]+", re.ASCII)


class Names:
    """Gives every state of a definition a name of its own.

    Parameters
    ----------
    taken : Iterable[str]
        Names that are spoken for: the ids of the tasks, which their states bear.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def waiting_for(self, tasks: Sequence[str]) -> str:
        """Name a ``Parallel`` by the tasks whose end ends it."""
        return self._unique(_listed("wait for ", tasks))

    def gate_before(self, task: str, awaited: Sequence[str]) -> str:
        """Name a gate by the task behind it and the tasks that open it."""
        return self._unique(_listed(f"{task} waits for ", awaited))

    def nested(self, number: int, tasks: Sequence[str]) -> str:
        """Name a state that runs a nested execution by its number and its tasks."""
        return self._unique(_listed(f"execution {number}: ", tasks))

    def admission(self) -> str:
        """Name the state that admits the workflow's inputs."""
        return self._unique("check inputs")

    def without_input(self) -> str:
        """Name the state that leaves the execution's input behind."""
        return self._unique("leave input behind")

    def after_failure(self, task: str, step: str = "") -> str:
        """Name a state that runs only if an optional task failed."""
        return self._unique(f"{task} failed{': ' if step else ''}{step}")

    def breaker_found(self, task: str, breaker: str) -> str:
        """Name the state that a task enters when it finds its circuit breaker open."""
        return self._unique(f"{task} finds {breaker} open")

    def breaker_wait(self, task: str, breaker: str) -> str:
        """Name the state in which a task waits for its circuit breaker."""
        return self._unique(f"{task} waits for breaker {breaker}")

    def _unique(self, text: str) -> str:
        name, number = text[:MAX_STATE_NAME], 1
        while name in self._taken:
            number += 1
            suffix = f" ({number})"
            name = text[: MAX_STATE_NAME - len(suffix)] + suffix
        self._taken.add(name)
        return name


def _listed(start: str, tasks: Sequence[str]) -> str:
    text = start + ", ".join(tasks)
    named = len(tasks)
    while len(text) > MAX_STATE_NAME and named > 1:
        named -= 1
        text = f"{start}{', '.join(tasks[:named])} and {len(tasks) - named} more"
    return text


def slot_keys(flow: Flow) -> dict[Slot, str]:
    """Choose the key of every slot: the task's id, or a number where several results take turns.

    An id with a space, a comma, a parenthesis or the like gets a number too: inside an intrinsic function not every
    engine reads such a key, quoted or not. No task's id begins like a numbered key.
    """
    keys: dict[Slot, str] = {}
    shared = 0
    for slot in _slots(flow):
        if slot in keys:
            continue
        if len(slot.occupants) == 1 and _PLAIN_KEY.fullmatch(slot.occupants[0]):
            keys[slot] = slot.occupants[0]
        else:
            shared += 1
            keys[slot] = f"slot:{shared}"
    return keys


def _slots(flow: Flow) -> Iterator[Slot]:
    for state in flow:
        if isinstance(state, GateFlow):
            continue
        if state.result:
            yield state.result
        if isinstance(state, BranchesFlow):
            for entering in state.enters or ():
                yield from entering
            for branch in state.branches:
                yield from _slots(branch)
            for _, inside, outside in state.leaves.values():
                yield from (inside, outside)
        else:
            yield from state.reads.values()
            if state.store:
                yield state.store
