"""Betters a shape by moving pieces of it: the fewer states the better, as far as no task waits too long."""

from __future__ import annotations

from random import Random
from typing import Protocol

from stepweave.graph.order import Order
from stepweave.graph.relocation import Limits, detach, places
from stepweave.graph.shape import Shape

_PATIENCE = 50
"""Tries per part without a better shape after which the search ends."""

_LEAST_EFFORT, _EFFORT = 60, 300_000
"""What a try takes beside looking at places, and what all of them may take: about a second at the most."""

_LARGEST_SEARCHED = 2000
"""Parts beyond which so few tries would be left that they gain nothing."""


class Waiting(Protocol):
    """How long tasks may wait for what they do not depend on."""

    def limits(self, piece: Shape) -> Limits:
        """Return where a piece may go in the shape that was accepted last."""

    def accepts(self, shape: Shape, /) -> bool:
        """Tell whether a shape is good enough in time; if it is, it becomes the one that was accepted last."""


def improve(order: Order, shape: Shape, waiting: Waiting, least: int) -> Shape:
    """Move pieces of a shape to random places, and keep what needs no more states.

    The same input gives the same result.

    Parameters
    ----------
    order : Order
        The order between the parts of the shape.
    shape : Shape
        Where to start; `waiting` must accept it.
    waiting : Waiting
        What is accepted.
    least : int
        The states at which to be content.
    """
    if not shape.inner or len(order.tasks) > _LARGEST_SEARCHED or not waiting.accepts(shape):
        return shape
    chance = Random(len(order.tasks))  # noqa: S311 - not for secrets
    best = shape
    left_to_try = patience = _PATIENCE * len(order.tasks)
    effort = _EFFORT
    while best.states > least and left_to_try and effort > 0:
        left_to_try -= 1
        piece, rest = detach(shape, chance)
        free = places(rest, waiting.limits(piece), chance)
        effort -= _LEAST_EFFORT + len(free) + len(order.tasks) // 2
        if not free:
            continue
        moved = chance.choice(free)(piece)
        if moved.states <= shape.states and waiting.accepts(moved):
            shape = moved
            if shape.cost < best.cost:
                best, left_to_try = shape, patience
    return best
