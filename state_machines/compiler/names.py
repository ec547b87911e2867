"""Names of states and of the keys under which results travel."""

from collections.abc import Iterable, Iterator

from state_machines.compiler.dataflow import BranchesFlow, Flow, Slot

MAX_STATE_NAME = 80
"""Characters that a state's name may have (Amazon States Language)."""


class Names:
    """Gives every state of a definition a name of its own.

    Parameters
    ----------
    taken : Iterable[str]
        Names that are spoken for: the ids of the tasks, which their states bear.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def waiting_for(self, tasks: list[str]) -> str:
        """Name a state that structures others by the tasks that it waits for."""
        text = "wait for " + ", ".join(tasks)
        named = len(tasks)
        while len(text) > MAX_STATE_NAME - 6 and named > 1:
            named -= 1
            text = f"wait for {', '.join(tasks[:named])} and {len(tasks) - named} more"
        return self._unique(text)

    def failure_of(self, task: str) -> str:
        """Name the state that ends a branch whose last task failed, where the author allows that."""
        return self._unique(f"{task} failed")

    def _unique(self, text: str) -> str:
        name, number = text[:MAX_STATE_NAME], 1
        while name in self._taken:
            number += 1
            suffix = f" ({number})"
            name = text[: MAX_STATE_NAME - len(suffix)] + suffix
        self._taken.add(name)
        return name


def slot_keys(flow: Flow) -> dict[Slot, str]:
    """Choose the key of every slot: the task's id, or a number where several results take turns.

    A colon keeps the numbered ones apart from task ids, which hold none.
    """
    keys: dict[Slot, str] = {}
    shared = 0
    for slot in _slots(flow):
        if slot in keys:
            continue
        if len(slot.occupants) == 1:
            keys[slot] = slot.occupants[0]
        else:
            shared += 1
            keys[slot] = f"slot:{shared}"
    return keys


def _slots(flow: Flow) -> Iterator[Slot]:
    for state in flow:
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
