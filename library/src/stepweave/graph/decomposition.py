"""Takes an order apart into the largest parts that run in sequence or side by side.

What is neither a sequence nor side by side is *prime*: its order holds an N (a before c, b before c and d), and no
nesting of sequences and parallels expresses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from stepweave.graph.modular_partition import maximal_modules
from stepweave.graph.order import Order, closed, components, members

LARGEST_REFINED = 1500
"""Tasks beyond which a prime block is not taken apart further: the time that it takes grows with their square."""


@dataclass(frozen=True)
class Leaf:
    """One task."""

    task: int


@dataclass(frozen=True)
class Series:
    """Parts of which each ends before the next starts, because every task in it must."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Parallel:
    """Parts with no order between any task of one and any task of another, in the order of their first tasks."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Prime:
    """Parts whose order is neither a sequence nor side by side.

    Each part relates to every other as if it were one task, and no two parts together do: `quotient` is the order
    between them, each named by its position in `parts`, which is topological.
    """

    parts: tuple[Block, ...]
    quotient: Order


@dataclass(frozen=True)
class Gated:
    """A part that waits at a gate before it starts. Decomposition makes none: gates take the place of prime blocks.

    Parameters
    ----------
    part : Block
        What waits.
    awaited : int
        The set of tasks whose end opens the gate: those of its dependencies that its place does not put before it.
    """

    part: Block
    awaited: int


@dataclass(frozen=True)
class Nested:
    """A part that runs as an execution of its own. Decomposition makes none: partition does, where a part is large."""

    part: Block


Block = Leaf | Series | Parallel | Prime | Gated | Nested


def tasks_in(block: Block) -> int:
    """Return the set of tasks in a block."""
    match block:
        case Leaf(task):
            return 1 << task
        case Gated(part) | Nested(part):
            return tasks_in(part)
        case Series(parts) | Parallel(parts) | Prime(parts):
            return sum(tasks_in(part) for part in parts)
    assert_never(block)


def decompose(order: Order) -> Block:
    """Take an order of at least one task apart.

    The result is unique: it is the modular decomposition of the order. `Series` never holds a `Series`, nor `Parallel`
    a `Parallel`, and the quotient of a `Prime` has no modules, unless it has more than `LARGEST_REFINED` tasks.
    """
    ordered = [before | after for before, after in zip(order.before, order.after, strict=True)]
    unordered = [~related for related in ordered]

    def take_apart(within: int) -> Block:
        if within & (within - 1) == 0:
            return Leaf(within.bit_length() - 1)
        if len(parts := components(within, ordered)) > 1:
            return Parallel(tuple(take_apart(part) for part in parts))
        if len(parts := components(within, unordered)) > 1:
            return Series(tuple(take_apart(part) for part in parts))
        if within.bit_count() > LARGEST_REFINED:
            parts = [1 << task for task in members(within)]
        else:
            parts = maximal_modules(order, within)
        return Prime(tuple(take_apart(part) for part in parts), quotient_of(order, parts))

    return take_apart(order.everything)


def quotient_of(order: Order, parts: list[int]) -> Order:
    """Return the order between modules, which are given in the order of their first tasks."""
    part_of = {task: position for position, part in enumerate(parts) for task in members(part)}
    direct = []
    for part in parts:
        # The first task of a module waits for nothing in it, and from outside for what the whole module waits for.
        first = next(members(part))
        needed = {part_of[task] for task in members(order.direct[first]) if task in part_of}
        direct.append(sum(1 << position for position in needed))
    return closed(tuple(order.tasks[next(members(part))] for part in parts), direct)


def flat(kind: type[Series | Parallel], parts: Iterable[Block]) -> tuple[Block, ...]:
    """Put in place of each part of one kind its own parts: what is of the same kind needs no state of its own."""
    return tuple(each for part in parts for each in (part.parts if isinstance(part, kind) else (part,)))
