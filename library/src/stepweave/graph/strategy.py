"""Decides where barriers and where gates keep tasks in order. Every such decision is made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, assert_never, get_args

from stepweave.graph.barriers import layered_shape, shape_within_tolerance
from stepweave.graph.decomposition import (
    Block,
    Gated,
    Leaf,
    Nested,
    Parallel,
    Prime,
    Series,
    decompose,
    flat,
    quotient_of,
    tasks_in,
)
from stepweave.graph.gates import gate_primes, gated_shape, has_prime
from stepweave.graph.order import Order, members, restricted
from stepweave.graph.shape import Parts, Shape
from stepweave.graph.timing import Timing

Strategy = Literal["auto", "gates", "levels"]

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


def arrange(order: Order, strategy: Strategy, seconds: Mapping[int, float], tolerance: float) -> Block:
    """Turn an order into sequences, parallels and gates: see `Arrangements`."""
    return Arrangements(order, seconds, tolerance).by(strategy)


@dataclass(frozen=True)
class Arrangements:
    """What the strategies make of an order. What several of them need is found once.

    Parameters
    ----------
    order : Order
        The order of the tasks.
    seconds : Mapping[int, float]
        How long tasks take, as far as that is known.
    tolerance : float
        How much longer than its critical path the whole may take for the sake of fewer states.
    """

    order: Order
    seconds: Mapping[int, float]
    tolerance: float

    def by(self, strategy: Strategy) -> Block:
        """Turn the order into sequences, parallels and gates.

        Parameters
        ----------
        strategy : Strategy
            ``gates``: no task ever waits without need. ``levels``: a barrier after each level of the whole order.
            ``auto``: gates, except where known durations show that barriers need fewer states and cost little time.

        Returns
        -------
        Block
            A block without `Prime`, which puts every task after its dependencies.
        """
        match strategy:
            case "levels":
                return Parts(self.order).gated(layered_shape(self.order))
            case "gates":
                return self._gated_block
            case "auto":
                return self._cheapest()
        assert_never(strategy)

    @property
    def series_parallel(self) -> bool:
        """Whether sequences and parallels alone can say the order, so that no gate is needed."""
        return not has_prime(self._decomposed)

    @cached_property
    def _decomposed(self) -> Block:
        return decompose(self.order)

    @cached_property
    def _gated(self) -> Shape:
        return gated_shape(self.order, self._decomposed)

    @cached_property
    def _gated_block(self) -> Block:
        return self._decomposed if self.series_parallel else Parts(self.order).gated(self._gated)

    def _cheapest(self) -> Block:
        """Put barriers wherever they pay, and nowhere if not every duration of a part is known.

        A part that takes at most so much longer than its own critical path lengthens that of the whole by no more,
        whatever the unknown durations around it are.
        """
        order, block, seconds = self.order, self._decomposed, self.seconds
        if len(seconds) == len(order.tasks):
            pace = Timing(order, [seconds[task] for task in range(len(seconds))])
            found = shape_within_tolerance(pace, block, self._gated, self.tolerance)
            return self._gated_block if found is self._gated else Parts(order).gated(found)
        if self.series_parallel:
            return block
        known = sum(1 << task for task in seconds)
        parts = {part: _settled(order, part, seconds, self.tolerance) for part in _known_parts(block, known)}
        settled = {part: found for part, found in parts.items() if found is not None}
        return _around(order, settled) if settled else self._gated_block


def _known_parts(block: Block, known: int) -> list[int]:
    """Return the largest parts that are not series-parallel and of which every duration is known."""
    if not has_prime(block):
        return []
    if not tasks_in(block) & ~known:
        return [tasks_in(block)]
    assert isinstance(block, Series | Parallel | Prime)  # noqa: S101 - a decomposition holds nothing else
    return [part for inner in block.parts for part in _known_parts(inner, known)]


def _settled(order: Order, part: int, seconds: Mapping[int, float], tolerance: float) -> Block | None:
    """Arrange one part on its own; None if it needs no fewer states with barriers, so that it may as well be open."""
    tasks = list(members(part))
    inside = restricted(order, part)
    block = decompose(inside)
    gated = gated_shape(inside, block)
    found = shape_within_tolerance(Timing(inside, [seconds[task] for task in tasks]), block, gated, tolerance)
    if found is gated:
        return None
    return _renumbered(Parts(inside).gated(found), [Leaf(task) for task in tasks], [1 << task for task in tasks])


def _around(order: Order, settled: Mapping[int, Block]) -> Block:
    """Arrange the tasks around parts that are settled, each of which counts as one task."""
    rest = [1 << task for task in members(order.everything & ~sum(settled))]
    parts = sorted([*settled, *rest], key=lambda part: part & -part)
    outside = quotient_of(order, parts)
    blocks = [settled.get(part) or Leaf(part.bit_length() - 1) for part in parts]
    ends = [sum(1 << task for task in members(part) if not order.after[task] & part) for part in parts]
    return _renumbered(gate_primes(outside, decompose(outside)), blocks, ends)


def _renumbered(block: Block, parts: Sequence[Block], ends: Sequence[int]) -> Block:
    """Put each part of a block in its place, and say which tasks open its gates: those that end the parts awaited."""
    match block:
        case Leaf(part):
            return parts[part]
        case Gated(inner, awaited):
            return Gated(_renumbered(inner, parts, ends), sum(ends[part] for part in members(awaited)))
        case Series(inner_parts):
            return Series(flat(Series, [_renumbered(inner, parts, ends) for inner in inner_parts]))
        case Parallel(inner_parts):
            return Parallel(flat(Parallel, [_renumbered(inner, parts, ends) for inner in inner_parts]))
        case Prime() | Nested():
            raise ValueError("a block that was arranged holds no prime block, and no nested execution yet")
    assert_never(block)
