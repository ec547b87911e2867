"""Decides the shape of the state machine: which states follow one another and which run side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from state_machines.graph.decomposition import Block, Leaf, Parallel, Prime, Series
from state_machines.graph.order import Order, levels, members


@dataclass(frozen=True)
class RunTask:
    """One task's state."""

    task: str


@dataclass(frozen=True)
class RunBranches:
    """One ``Parallel`` state."""

    branches: tuple[Sequence, ...]


Step = RunTask | RunBranches
Sequence = tuple[Step, ...]


def schedule(order: Order, block: Block) -> Sequence:
    """Lay a decomposed order out as states.

    A series-parallel part becomes exactly its own sequences and branches, so no task waits for one that it does not
    depend on. The parts of a prime block run in levels, with a barrier between them.
    """
    match block:
        case Leaf(task):
            return (RunTask(order.tasks[task]),)
        case Series(parts):
            return tuple(step for part in parts for step in schedule(order, part))
        case Parallel(parts):
            return (RunBranches(tuple(schedule(order, part) for part in parts)),)
        case Prime(parts, quotient):
            return tuple(
                step
                for level in levels(quotient, quotient.everything)
                for step in _level(order, [parts[part] for part in members(level)])
            )


def _level(order: Order, parts: list[Block]) -> Sequence:
    sequences = tuple(schedule(order, part) for part in parts)
    return sequences[0] if len(sequences) == 1 else (RunBranches(sequences),)


def tasks_of(sequence: Sequence) -> Iterator[str]:
    """Yield every task in a sequence, nested ones included."""
    for step in sequence:
        match step:
            case RunTask(task):
                yield task
            case RunBranches(branches):
                for branch in branches:
                    yield from tasks_of(branch)


def last_tasks(sequence: Sequence) -> list[str]:
    """Return the tasks whose end ends the sequence: those that whatever follows waits for."""
    match sequence[-1]:
        case RunTask(task):
            return [task]
        case RunBranches(branches):
            return [task for branch in branches for task in last_tasks(branch)]
