"""Lays a decomposed order out as states: which follow one another and which run side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from stepweave.graph.decomposition import Block, Gated, Leaf, Nested, Parallel, Prime, Series
from stepweave.graph.order import Order, members


@dataclass(frozen=True)
class RunTask:
    """One task's state."""

    task: str


@dataclass(frozen=True)
class RunBranches:
    """One ``Parallel`` state."""

    branches: tuple[Sequence, ...]


@dataclass(frozen=True)
class RunNested:
    """One state that runs a sequence as an execution of its own."""

    sequence: Sequence


@dataclass(frozen=True)
class WaitAtGate:
    """One state that waits until other branches have come so far.

    Parameters
    ----------
    before : str
        The first task that runs after it.
    awaited : tuple of str
        The tasks that open the gate together.
    """

    before: str
    awaited: tuple[str, ...]


Step = RunTask | RunBranches | RunNested | WaitAtGate
Sequence = tuple[Step, ...]


def schedule(order: Order, block: Block) -> Sequence:
    """Lay a block without `Prime` out as states.

    It becomes exactly its own sequences, branches and gates: nothing waits that the block does not make wait.
    """
    match block:
        case Leaf(task):
            return (RunTask(order.tasks[task]),)
        case Series(parts):
            return tuple(step for part in parts for step in schedule(order, part))
        case Parallel(parts):
            return (RunBranches(tuple(schedule(order, part) for part in parts)),)
        case Gated(part, awaited):
            inner = schedule(order, part)
            return (WaitAtGate(next(tasks_of(inner)), tuple(order.tasks[task] for task in members(awaited))), *inner)
        case Nested(part):
            return (RunNested(schedule(order, part)),)
        case Prime():
            raise ValueError("a prime block has no shape: replace it by gates or by levels first")
    assert_never(block)


def tasks_of(sequence: Sequence) -> Iterator[str]:
    """Yield every task in a sequence, nested ones included."""
    for step in sequence:
        match step:
            case RunTask(task):
                yield task
            case RunBranches(branches):
                for branch in branches:
                    yield from tasks_of(branch)
            case RunNested(inner):
                yield from tasks_of(inner)
            case WaitAtGate():
                continue
            case _:
                assert_never(step)
