"""The shape from which the search for a better one starts: each prime block by its skeleton, or by its levels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import assert_never

from stepweave.graph.decomposition import Block, Gated, Leaf, Nested, Parallel, Prime, Series, decompose
from stepweave.graph.order import Order, closed, levels, members
from stepweave.graph.shape import Parts, Shape, parallel, series
from stepweave.graph.skeleton import skeleton


def first_shape(order: Order, block: Block, leveled: Collection[Prime] = ()) -> Shape:
    """Return a shape of a decomposed order.

    Parameters
    ----------
    order : Order
        The order of all tasks.
    block : Block
        Its decomposition.
    leveled : Collection[Prime]
        The prime blocks that get a barrier after each level, and so need no gate. In the others no task waits without
        need.
    """
    match block:
        case Leaf(part):
            return Parts(order).one(part)
        case Series(inner):
            return series([first_shape(order, each, leveled) for each in inner])
        case Parallel(inner):
            return parallel([first_shape(order, each, leveled) for each in inner])
        case Prime(inner, quotient):
            shapes = [first_shape(order, each, leveled) for each in inner]
            if any(block is each for each in leveled):
                return in_levels(quotient, shapes)
            return _filled(decompose(closed(quotient.tasks, skeleton(quotient))), shapes)
        case Gated() | Nested():
            raise ValueError("a decomposition holds neither gates nor nested executions")
    assert_never(block)


def in_levels(order: Order, shapes: list[Shape]) -> Shape:
    """Put shapes in sequence level by level, given the order between them."""
    return series([parallel([shapes[part] for part in members(level)]) for level in levels(order)])


def primes_in(block: Block) -> Iterator[Prime]:
    """Yield the prime blocks of a decomposition, outer ones first."""
    if isinstance(block, Prime):
        yield block
    if isinstance(block, Series | Parallel | Prime):
        for part in block.parts:
            yield from primes_in(part)


def _filled(block: Block, shapes: list[Shape]) -> Shape:
    match block:
        case Leaf(part):
            return shapes[part]
        case Series(inner):
            return series([_filled(each, shapes) for each in inner])
        case Parallel(inner):
            return parallel([_filled(each, shapes) for each in inner])
        case Prime() | Gated() | Nested():
            raise ValueError("a skeleton is series-parallel, and has neither gates nor nested executions")
    assert_never(block)
