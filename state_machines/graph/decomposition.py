"""Takes an order apart into the largest parts that run in sequence or side by side.

What is neither a sequence nor side by side is *prime*: its order holds an N (a before c, b before c and d), and no
nesting of sequences and parallels expresses it.
"""

from __future__ import annotations

from dataclasses import dataclass

from state_machines.graph.order import Order, members


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
    """Tasks whose order is neither a sequence nor side by side, as a set."""

    tasks: int


Block = Leaf | Series | Parallel | Prime


def decompose(order: Order) -> Block:
    """Take an order of at least one task apart.

    The result is unique: `Series` never holds a `Series`, nor `Parallel` a `Parallel`.
    """
    ordered = [before | after for before, after in zip(order.before, order.after, strict=True)]
    unordered = [~related for related in ordered]

    def take_apart(within: int) -> Block:
        if within & (within - 1) == 0:
            return Leaf(within.bit_length() - 1)
        if len(parts := _components(within, ordered)) > 1:
            return Parallel(tuple(take_apart(part) for part in parts))
        if len(parts := _components(within, unordered)) > 1:
            return Series(tuple(take_apart(part) for part in parts))
        return Prime(within)

    return take_apart(order.everything)


def _components(within: int, neighbours: list[int]) -> list[int]:
    """Split a set into the parts that the relation connects, in the order of their first members."""
    parts = []
    rest = within
    while rest:
        part = frontier = rest & -rest
        rest ^= part
        while frontier:
            reached = 0
            for task in members(frontier):
                reached |= neighbours[task]
            frontier = reached & rest
            rest ^= frontier
            part |= frontier
        parts.append(part)
    return parts
