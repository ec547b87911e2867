"""Decides what travels from state to state: only results that something later still needs.

Every state passes a *document* on: an object that holds results by key. The workflow's inputs are in it like a result,
that of the state which admits them. A document is emptied of what is no longer needed wherever a state can
do so at no cost: a ``Parallel`` builds a new one, and a task does where its result is all that is still needed.
Elsewhere a result takes the place of one that is no longer needed.

A result that is used across a gate cannot come in a document: its task publishes it, and those that use it fetch it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

from stepweave.compiler.layout import RunBranches, RunNested, RunTask, Sequence, WaitAtGate, tasks_of
from stepweave.graph.dag import INPUTS, Dag

MOST_CARRIED = 100
"""A task that uses more results than this fetches them: a document of so many would leave little room for each."""

MOST_IN_DOCUMENT = 128
"""How many results may meet in a document: more would leave each less room than a reference needs."""

LEAST_IN_DOCUMENT = 4
"""The inputs, the workflow's result, and what an error needs beside them."""

MOST_CARRIED_OF_SOME = 20
"""The same for a task that fetches some of them anyway: an expression that mixes both is long."""


@dataclass(eq=False)
class Slot:
    """A place in the document, which one or several results take in turn."""

    occupants: list[str] = field(default_factory=list)


class Pass(Enum):
    """What a state passes on."""

    DOCUMENT = "the document, with the state's results in it"
    NOTHING = "an empty document"
    RESULT = "one result alone: the workflow's"


@dataclass(frozen=True)
class TaskFlow:
    """What a task's state reads and passes on.

    Parameters
    ----------
    task : str
        The task.
    reads : Mapping[str, Slot]
        Where the document that enters holds the results which the task uses.
    store : Slot | None
        Where the result goes; None if nothing needs it, or if it is passed on alone.
    renews : bool
        Whether the document that leaves holds this result and nothing else.
    width : int
        How many results the document that leaves holds, those that nothing needs any more included.
    passes : Pass
        What is passed on.
    result : Slot | None
        With ``Pass.RESULT``: the slot of the workflow's result; None if it is this task's own.
    keeps : tuple of Slot
        With ``Pass.DOCUMENT``: what something later needs of the document that leaves.
    """

    task: str
    reads: Mapping[str, Slot]
    store: Slot | None
    renews: bool
    width: int
    passes: Pass
    result: Slot | None = None
    keeps: tuple[Slot, ...] = ()


@dataclass(frozen=True)
class BranchesFlow:
    """What a ``Parallel`` or a nested execution gives to what runs inside it, and gathers from there.

    Parameters
    ----------
    branches : tuple of Flow
        The states of each branch. A nested execution has one.
    nested : bool
        Whether it is a nested execution.
    enters : tuple of (Slot, Slot) | None
        For each result that the branches need: its slot outside, and the one inside.
        None if the document that enters is just what they need.
    leaves : Mapping[str, tuple[int, Slot, Slot]]
        For each result that is needed later: the branch that it comes from, its slot there, and the one outside.
    width : int
        How many results all branches together hand over.
    passes, result
        As for a task.
    """

    branches: tuple[Flow, ...]
    nested: bool
    enters: tuple[tuple[Slot, Slot], ...] | None
    leaves: Mapping[str, tuple[int, Slot, Slot]]
    width: int
    passes: Pass
    result: Slot | None = None


@dataclass(frozen=True)
class GateFlow:
    """A state that waits at a gate; the document passes it unchanged."""

    gate: WaitAtGate
    width: int


Flow = tuple[TaskFlow | BranchesFlow | GateFlow, ...]


@dataclass(frozen=True)
class Program:
    """What every state of a workflow reads, keeps and passes on.

    Parameters
    ----------
    flow : Flow
        The states.
    published : frozenset of str
        Tasks whose results also go to a table of their own, because tasks use them that no document reaches.
    """

    flow: Flow
    published: frozenset[str]


@dataclass
class _Document:
    """What the document holds at a point.

    Parameters
    ----------
    slots : dict[str, Slot]
        Where the results are that are still needed.
    free : list[Slot]
        Slots of results of the same sequence that nothing needs any more: the next results take them.
    borrowed : frozenset[Slot]
        Slots that other branches know too. They are not taken, so that a key means the same on all branches.
    stale : int
        How many results in borrowed slots nothing on this branch needs any more.
    clean : bool
        Whether nothing but results is in it.
    """

    slots: dict[str, Slot]
    free: list[Slot] = field(default_factory=list)
    borrowed: frozenset[Slot] = frozenset()
    stale: int = 0
    clean: bool = True

    @property
    def exact(self) -> bool:
        return self.clean and not self.free and not self.stale

    @property
    def width(self) -> int:
        return len(self.slots) + len(self.free) + self.stale

    def retire(self, needed: frozenset[str]) -> None:
        for task in [task for task in self.slots if task not in needed]:
            slot = self.slots.pop(task)
            if slot in self.borrowed:
                self.stale += 1
            else:
                self.free.append(slot)

    def place(self, task: str) -> Slot:
        slot = self.free.pop() if self.free else Slot()
        slot.occupants.append(task)
        self.slots[task] = slot
        return slot

    def renew(self, slots: dict[str, Slot] | None = None) -> None:
        self.slots, self.free, self.stale, self.clean = slots or {}, [], 0, True

    def for_branches(self, needed: Iterable[frozenset[str]]) -> Iterator[_Document]:
        """Yield what each branch starts with, given what it needs."""
        borrowed = frozenset(self.slots.values())
        position = {task: number for number, task in enumerate(self.slots)}
        for each in needed:
            kept = sorted(each & position.keys(), key=position.__getitem__)
            yield _Document(
                {task: self.slots[task] for task in kept}, borrowed=borrowed, stale=len(position) - len(kept)
            )


def dataflow(dag: Dag, sequence: Sequence) -> Program:
    """Decide what every state of a workflow reads, keeps and passes on.

    Parameters
    ----------
    dag : Dag
        The graph.
    sequence : Sequence
        The shape of its state machine.
    """
    if dag.inputs:
        sequence = (RunTask(INPUTS), *sequence)
    most = most_in_document(dag)
    fetched: frozenset[str] = frozenset()
    while True:
        program = _program(dag, sequence, fetched, most)
        if widest(program.flow) <= most or fetched >= dag.by_id.keys():
            return program
        crowded = frozenset(_crowded(program.flow, most)) - fetched - {INPUTS}
        # Once nothing but the inputs and the workflow's own result travel in documents, they cannot be crowded.
        fetched |= crowded or frozenset(dag.by_id)


def most_in_document(dag: Dag) -> int:
    """Return how many results may meet in a document so that each has the room that the inputs need as references."""
    return max(LEAST_IN_DOCUMENT, min(MOST_IN_DOCUMENT, MOST_IN_DOCUMENT * 3 // 2 // max(1, len(dag.inputs))))


def _program(dag: Dag, sequence: Sequence, fetched: frozenset[str], most: int) -> Program:
    """Decide the data flow where some results are fetched by every task that uses them."""
    carried: dict[str, frozenset[str]] = {}
    _find_carried(dag, sequence, set(), carried, most)
    carried = {task: uses - fetched for task, uses in carried.items()}
    published = frozenset(used for task in dag.tasks for used in task.uses - carried[task.id])
    needed = frozenset({dag.result}) if dag.result is not None else frozenset[str]()
    # The execution's input is the first document. Nothing in it is needed: what admits the inputs looks it up itself.
    flow, _ = _flow(carried, sequence, _Document({}, clean=False), needed, returns=dag.result)
    return Program(flow, published)


def _crowded(flow: Flow, most: int) -> Iterator[str]:
    """Yield the results that leave branches together with too many others."""
    for state in flow:
        if isinstance(state, BranchesFlow):
            if state.width > most:
                yield from state.leaves
            for branch in state.branches:
                yield from _crowded(branch, most)


def widest(flow: Flow) -> int:
    """Return how many results meet in the fullest document."""
    most = 0
    for state in flow:
        most = max(most, state.width)
        if isinstance(state, BranchesFlow):
            most = max(most, *(widest(branch) for branch in state.branches))
        elif isinstance(state, TaskFlow):
            most = max(most, len(state.reads))
    return most


def _find_carried(
    dag: Dag, sequence: Sequence, known: set[str], carried: dict[str, frozenset[str]], room: int
) -> list[str]:
    """Find for each task those of its inputs that a document can carry to it: the ones from states before its own.

    Returns
    -------
    list of str
        The tasks of the sequence, which `known` holds afterwards too.
    """
    added: list[str] = []
    for step in sequence:
        match step:
            case RunTask(task) if task == INPUTS:
                carried[task] = frozenset()
            case RunTask(task):
                uses = dag.by_id[task].uses
                most = min(MOST_CARRIED, room - 1) if uses <= known else min(MOST_CARRIED_OF_SOME, room - 1)
                carried[task] = uses & known if len(uses) <= most else frozenset()
                if dag.by_id[task].takes_inputs:
                    carried[task] |= {INPUTS}
                known.add(task)
                added.append(task)
            case RunBranches(branches):
                inside: list[str] = []
                for branch in branches:
                    tasks = _find_carried(dag, branch, known, carried, room)
                    known.difference_update(tasks)  # another branch does not know them
                    inside += tasks
                known.update(inside)
                added += inside
            case RunNested(inner):
                added += _find_carried(dag, inner, known, carried, room)
            case WaitAtGate():
                continue
            case _:
                assert_never(step)
    return added


def _flow(
    uses: Mapping[str, frozenset[str]],
    sequence: Sequence,
    document: _Document,
    needed: frozenset[str],
    returns: str | None,
) -> tuple[Flow, _Document]:
    states: list[TaskFlow | BranchesFlow | GateFlow] = []
    live = _live_after(uses, sequence, needed)
    for position, step in enumerate(sequence):
        returned = returns if position == len(sequence) - 1 else None
        match step:
            case RunTask(task):
                states.append(_task(task, uses[task], document, live[position], returned))
            case RunBranches() | RunNested():
                states.append(_branches(uses, step, document, live[position], returned))
            case WaitAtGate():
                states.append(GateFlow(step, document.width))
            case _:
                assert_never(step)
    return tuple(states), document


def _live_after(uses: Mapping[str, frozenset[str]], sequence: Sequence, needed: frozenset[str]) -> list[frozenset[str]]:
    """Return for each step the results that exist after it and that something later needs."""
    live = []
    for step in reversed(sequence):
        live.append(needed)
        inside = set(tasks_of((step,)))
        needed = needed.union(*(uses[task] for task in inside)) - inside
    return live[::-1]


def _task(task: str, uses: frozenset[str], document: _Document, live: frozenset[str], returns: str | None) -> TaskFlow:
    reads = {used: document.slots[used] for used in sorted(uses)}
    document.retire(live)
    if returns == task:
        return TaskFlow(task, reads, None, True, 1, Pass.RESULT)
    if returns is not None:
        return TaskFlow(task, reads, None, False, 1, Pass.RESULT, document.slots[returns])
    if not live:
        document.renew()
        return TaskFlow(task, reads, None, False, 0, Pass.NOTHING)
    if task not in live:
        return TaskFlow(task, reads, None, False, document.width, Pass.DOCUMENT, keeps=_kept(document))
    if renews := live == {task}:
        document.renew()
    slot = document.place(task)
    return TaskFlow(task, reads, slot, renews, document.width, Pass.DOCUMENT, keeps=_kept(document))


def _kept(document: _Document) -> tuple[Slot, ...]:
    return tuple(document.slots[task] for task in sorted(document.slots))


def _branches(
    task_uses: Mapping[str, frozenset[str]],
    step: RunBranches | RunNested,
    document: _Document,
    live: frozenset[str],
    returns: str | None,
) -> BranchesFlow:
    nested = isinstance(step, RunNested)
    branches = (step.sequence,) if isinstance(step, RunNested) else step.branches
    inside = [frozenset(tasks_of(branch)) for branch in branches]
    uses = [frozenset[str]().union(*(task_uses[task] for task in tasks)) - tasks for tasks in inside]
    carried = live - frozenset[str]().union(*inside)
    # One branch carries all that is needed later past the others: the one that uses the most of it anyway.
    carrier = max(range(len(branches)), key=lambda number: len(uses[number] & carried))
    entering = frozenset[str]().union(carried, *uses)
    document.retire(entering)

    enters = None
    if nested or not document.exact:
        inner = {task: Slot([task]) for task in sorted(entering)}
        enters = tuple((document.slots[task], slot) for task, slot in inner.items())
        document.renew(inner)

    flows: list[Flow] = []
    width = 0
    leaves: dict[str, tuple[int, Slot, Slot]] = {}
    keeps = [(live & tasks) | (carried if number == carrier else frozenset()) for number, tasks in enumerate(inside)]
    starts = document.for_branches(used | kept for used, kept in zip(uses, keeps, strict=True))
    for number, (branch, start, kept) in enumerate(zip(branches, starts, keeps, strict=True)):
        start.clean = not nested  # a nested execution starts with its input, which holds more than results
        flow, end = _flow(task_uses, branch, start, kept, returns=None)
        flows.append(flow)
        width += end.width
        leaves |= {task: (number, end.slots[task], Slot([task])) for task in kept}

    if nested:
        width += len(entering)  # what Step Functions says of an execution that has ended holds its input, too
    leaves = dict(sorted(leaves.items()))
    document.renew({task: outside for task, (_, _, outside) in leaves.items()})
    if returns is not None:
        return BranchesFlow(tuple(flows), nested, enters, leaves, width, Pass.RESULT, document.slots[returns])
    return BranchesFlow(tuple(flows), nested, enters, leaves, width, Pass.DOCUMENT if leaves else Pass.NOTHING)
