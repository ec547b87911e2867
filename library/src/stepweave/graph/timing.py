"""How long tasks take, and what follows from that: the critical path, and how long a shape takes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub

from stepweave.graph.decomposition import Leaf, Series
from stepweave.graph.order import Order, members
from stepweave.graph.shape import Shape

_MOST_ROUNDS = 50
"""Gates that open one after the other take a round each, if a shape names what waits before what it waits for."""


class Timing:
    """Tasks that take a known time.

    Parameters
    ----------
    order : Order
        The order of the tasks.
    seconds : Sequence[float]
        How long each takes.
    """

    def __init__(self, order: Order, seconds: Sequence[float]) -> None:
        self.order = order
        # A task of no length at all would hide that two tasks wait for one another.
        self.seconds = [max(each, 1e-9 * max(seconds)) or 1.0 for each in seconds]
        self.padding = sum(map(sub, self.seconds, seconds)) if max(seconds) else 0.0
        """By how much that can lengthen an execution at the most."""
        self.starts = [0.0] * len(seconds)
        """When each task can start at the earliest."""
        self.rests = [0.0] * len(seconds)
        """How long it takes at the least from the end of each task until all that depend on it have ended."""
        for task, direct in enumerate(order.direct):
            for needed in members(direct):
                self.starts[task] = max(self.starts[task], self.starts[needed] + self.seconds[needed])
        for task in range(len(seconds) - 1, -1, -1):
            for needed in members(order.direct[task]):
                self.rests[needed] = max(self.rests[needed], self.seconds[task] + self.rests[task])
        self.critical_path = max(
            start + each + rest for start, each, rest in zip(self.starts, self.seconds, self.rests, strict=True)
        )

    def ends(self, shape: Shape, limit: float) -> list[float] | None:
        """Return when each task ends in a shape.

        Parameters
        ----------
        shape : Shape
            The shape, gates included: each task also waits for its dependencies elsewhere.
        limit : float
            How long the whole may take.

        Returns
        -------
        list of float | None
            None if the whole takes longer, or if the shape contradicts the order, so that tasks wait for one another.
        """
        ends = [start + each for start, each in zip(self.starts, self.seconds, strict=True)]
        for _ in range(_MOST_ROUNDS):
            former = list(ends)
            if self._run(shape, 0.0, 0, ends) > limit or any(
                end + rest > limit for end, rest in zip(ends, self.rests, strict=True)
            ):
                return None
            if ends == former:
                return ends
        return None

    def _run(self, shape: Shape, start: float, met: int, ends: list[float]) -> float:
        """Move the ends of a shape's tasks on to where the others' ends put them; return the end of the whole."""
        if shape.kind is Leaf:
            task = shape.parts.bit_length() - 1
            for needed in members(shape.needs & ~met):
                start = max(start, ends[needed])
            ends[task] = max(ends[task], start + self.seconds[task])
            return ends[task]
        if shape.kind is Series:
            for inner in shape.inner:
                start = self._run(inner, start, met, ends)
                met |= inner.ended
            return start
        return max(self._run(inner, start, met, ends) for inner in shape.inner)
