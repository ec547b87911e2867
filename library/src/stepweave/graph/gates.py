"""Turns prime blocks into series-parallel ones in which no task waits without need: gates say what no shape can."""

from __future__ import annotations

from stepweave.graph.decomposition import Block
from stepweave.graph.initial_shape import first_shape, primes_in
from stepweave.graph.local_search import improve
from stepweave.graph.lower_bound import least_states
from stepweave.graph.order import Order, members
from stepweave.graph.relocation import Limits
from stepweave.graph.shape import Parts, Shape


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
    return Parts(order).gated(gated_shape(order, block)) if has_prime(block) else block


def gated_shape(order: Order, block: Block) -> Shape:
    """Find a shape of a decomposed order in which no task waits without need, with few gates and parallels."""
    shape = first_shape(order, block)
    return improve(order, shape, _WithoutNeed(order), least_states(order)) if has_prime(block) else shape


def has_prime(block: Block) -> bool:
    """Tell whether a decomposition is not series-parallel."""
    return any(True for _ in primes_in(block))


class _WithoutNeed:
    """No task waits for what it does not depend on."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def limits(self, piece: Shape) -> Limits:
        before, after, waits_for, awaited = -1, -1, 0, 0
        for part in members(piece.parts):
            before &= self._order.before[part]
            after &= self._order.after[part]
            waits_for |= self._order.direct[part]
            awaited |= self._order.after[part]
        return Limits(~before, ~after, waits_for, awaited)

    @staticmethod
    def accepts(_shape: Shape, /) -> bool:
        return True  # wherever the limits let a piece go
