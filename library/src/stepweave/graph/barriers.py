"""Puts tasks in order by barriers: a barrier costs no state, but makes tasks wait for what they do not depend on."""

from __future__ import annotations

from stepweave.graph.decomposition import Block, Prime
from stepweave.graph.initial_shape import first_shape, in_levels, primes_in
from stepweave.graph.local_search import improve
from stepweave.graph.order import Order, members
from stepweave.graph.relocation import Limits
from stepweave.graph.shape import Parts, Shape
from stepweave.graph.timing import Timing

_FEWEST = 1
"""States that barriers cannot save: side by side takes one ``Parallel``."""


def layered_shape(order: Order) -> Shape:
    """Put a barrier after each level of a whole order: the layered execution that needs no gate."""
    parts = Parts(order)
    return in_levels(order, [parts.one(task) for task in range(len(order.tasks))])


def shape_within_tolerance(pace: Timing, block: Block, gated: Shape, tolerance: float) -> Shape:
    """Find a shape with barriers that needs fewer states than one with gates only, and still is quick enough.

    Parameters
    ----------
    pace : Timing
        The order of the tasks, and how long each takes.
    block : Block
        The order's decomposition.
    gated : Shape
        A shape in which no task waits without need.
    tolerance : float
        How much longer than its critical path the whole may take.

    Returns
    -------
    Shape
        The one that was given if none is better.
    """
    if gated.states <= _FEWEST:
        return gated
    waiting = _Within(pace, pace.critical_path * (1 + tolerance) + pace.padding)
    starts = (gated, layered_shape(pace.order), _some_leveled(pace.order, block, waiting))
    start = min((shape for shape in starts if waiting.accepts(shape)), key=lambda shape: shape.cost, default=gated)
    found = improve(pace.order, start, waiting, least=_FEWEST)
    return found if found.states < gated.states else gated


def _some_leveled(order: Order, block: Block, waiting: _Within) -> Shape:
    """Put barriers into one prime block after the other, the largest first, as long as the whole ends in time."""
    leveled: list[Prime] = []
    for prime in sorted(primes_in(block), key=lambda each: -len(each.parts)):
        if waiting.accepts(first_shape(order, block, [*leveled, prime])):
            leveled.append(prime)
    return first_shape(order, block, leveled)


class _Within:
    """Tasks may wait for anything, as long as the whole ends in time."""

    def __init__(self, pace: Timing, limit: float) -> None:
        self._pace = pace
        self._limit = limit * (1 + 1e-9)  # sums of the same numbers in another order differ
        self._ends: list[float] = []

    def limits(self, piece: Shape) -> Limits:
        pace = self._pace
        inside = list(members(piece.parts))
        lasts = max(pace.seconds[part] + pace.rests[part] for part in inside)
        starts = max(pace.starts[part] + pace.seconds[part] for part in inside)
        after, before, waits_for = 0, 0, 0
        for part in inside:
            after |= pace.order.after[part]
            before |= pace.order.before[part]
            waits_for |= pace.order.direct[part]
        late = early = 0
        for part, (end, each, rest) in enumerate(zip(self._ends, pace.seconds, pace.rests, strict=True)):
            late |= (end + lasts > self._limit) << part
            early |= (starts + each + rest > self._limit) << part
        return Limits(after | late, before | early, waits_for, after)

    def accepts(self, shape: Shape) -> bool:
        ends = self._pace.ends(shape, self._limit)
        if ends is None:
            return False
        self._ends = ends
        return True
