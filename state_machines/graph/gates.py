"""Turns every prime block into a series-parallel one: what its shape cannot say, a gate does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from state_machines.graph.decomposition import Block, Gated, Leaf, Parallel, Prime, Series, decompose, tasks_in
from state_machines.graph.order import Order, closed, members
from state_machines.graph.skeleton import skeleton


def gate_primes(order: Order, block: Block) -> Block:
    """Replace the prime blocks of a decomposed order.

    Parameters
    ----------
    order : Order
        The order of all tasks.
    block : Block
        Its decomposition.

    Returns
    -------
    Block
        A block that holds `Gated` where it held `Prime`. What its shape and its gates put in order is exactly what
        `order` does.
    """
    match block:
        case Leaf():
            return block
        case Gated(part, awaited):
            return Gated(gate_primes(order, part), awaited)
        case Series(parts):
            return Series(tuple(gate_primes(order, part) for part in parts))
        case Parallel(parts):
            return Parallel(tuple(gate_primes(order, part) for part in parts))
        case Prime(parts, quotient):
            return _gated(order, [gate_primes(order, part) for part in parts], quotient)


def _gated(order: Order, parts: list[Block], quotient: Order) -> Block:
    place = closed(quotient.tasks, skeleton(quotient))
    ends = [_ends(order, tasks_in(part)) for part in parts]
    placed: list[Block] = []
    for part, direct, before in zip(parts, quotient.direct, place.before, strict=True):
        awaited = 0
        for needed in members(direct & ~before):
            awaited |= ends[needed]
        placed.append(Gated(part, awaited) if awaited else part)
    return _substitute(decompose(place), placed)


def _ends(order: Order, tasks: int) -> int:
    """Return the tasks of a set that none of the set waits for."""
    return sum(1 << task for task in members(tasks) if order.after[task] & tasks == 0)


def _substitute(shape: Block, parts: list[Block]) -> Block:
    match shape:
        case Leaf(part):
            return parts[part]
        case Series(inner):
            return Series(tuple(_flat(Series, (_substitute(part, parts) for part in inner))))
        case Parallel(inner):
            return Parallel(tuple(_flat(Parallel, (_substitute(part, parts) for part in inner))))
    raise AssertionError("a skeleton is series-parallel")


def _flat(kind: type[Series | Parallel], parts: Iterable[Block]) -> Iterator[Block]:
    """Yield the parts, and in place of one of the same kind its own parts: it needs no state of its own."""
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part
