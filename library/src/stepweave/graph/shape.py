"""Shapes: nestings of sequences and parallels of parts, and the gates that they need to keep a given order.

Where a shape does not put a part after all of its dependencies, a gate must: so any shape that does not contradict
the order can run it. Shapes are never changed, and what was once computed of one is kept: a shape that differs from
another in one place is weighed in little time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from stepweave.graph.decomposition import Block, Gated, Leaf, Parallel, Series
from stepweave.graph.order import Order, members


@dataclass(frozen=True, eq=False)
class Shape:
    """A part, or shapes in sequence or side by side.

    Parameters
    ----------
    kind : type
        `Leaf`, `Series` or `Parallel`.
    inner : tuple of Shape
        The shapes in it; none in a part.
    parts : int
        The set of parts in it.
    needs : int
        The parts that they directly depend on.
    ended : int
        The parts that have ended after it: its own, and all that they wait for.
    awaited : int
        The parts that every part of it waits for.
    parallels : int
        How many ``Parallel`` states it has.
    gates_known : dict[int, list[int]]
        The gates that it needs, by which of its needs are met before it starts.
    """

    kind: type[Leaf | Series | Parallel]
    inner: tuple[Shape, ...]
    parts: int
    needs: int
    ended: int
    awaited: int
    parallels: int
    gates_known: dict[int, list[int]]

    def gates(self, met: int = 0) -> list[int]:
        """Return for each gate that the shape needs the parts that it waits for.

        A gate in front of some of its branches costs a ``Parallel`` state besides: there it is listed twice.

        Parameters
        ----------
        met : int
            The parts that have ended before it starts.
        """
        met &= self.needs
        if met not in self.gates_known:
            self.gates_known[met] = self._find_gates(met)
        return self.gates_known[met]

    def _find_gates(self, met: int) -> list[int]:
        if self.kind is Leaf:
            return [self.needs & ~met] if self.needs & ~met else []
        gates: list[int] = []
        for shape in self.inner:
            gates += shape.gates(met)
            if self.kind is Series:
                met |= shape.ended
        if self.kind is Series:
            return gates
        if shared := self.gate_in_front(met):
            gates = [shared, *(gate for gate in gates if gate & ~self.awaited)]
        for gate, branches in self.gates_of_some(met).items():
            gates = [*(other for other in gates if other != gate), *[gate] * (gates.count(gate) - len(branches) + 2)]
        return gates

    def gate_in_front(self, met: int) -> int:
        """Return what one gate in front of all branches waits for in place of several behind it; 0 for none."""
        inside = [gate for branch in self.inner for gate in branch.gates(met) if not gate & ~self.awaited]
        return reduce(or_, inside) if len(inside) > 1 else 0

    def gates_of_some(self, met: int) -> dict[int, list[Shape]]:
        """Return for each gate that three branches or more share, but not all, what it waits for and those branches."""
        sharing: dict[int, list[Shape]] = {}
        if len(self.inner) < 3:
            return {}
        for branch in self.inner:
            for gate in set(branch.gates(met)):
                if not gate & ~branch.awaited and gate & ~self.awaited:
                    sharing.setdefault(gate, []).append(branch)
        found: dict[int, list[Shape]] = {}
        taken: set[Shape] = set()
        sharing = {gate: branches for gate, branches in sharing.items() if len(branches) > 2}
        for gate, branches in sorted(sharing.items(), key=lambda each: (-len(each[1]), each[0])):
            free = [branch for branch in branches if branch not in taken]
            if len(free) > 2:
                found[gate] = free
                taken.update(free)
        return found

    @property
    def states(self) -> int:
        """The states that it adds to those of its parts: ``Parallel`` states and gates."""
        return self.parallels + len(self.gates())

    @property
    def cost(self) -> tuple[int, int]:
        """What ranks it: its states, of which a gate is dearer than a ``Parallel``, since it writes to a table."""
        return self.states, -self.parallels


@dataclass(frozen=True)
class Parts:
    """What shapes are made of.

    Parameters
    ----------
    order : Order
        Parts, and the order between them.
    """

    order: Order

    def one(self, part: int) -> Shape:
        """Make the shape of one part."""
        before = self.order.before[part]
        return Shape(Leaf, (), 1 << part, self.order.direct[part], before | 1 << part, before, 0, {})

    def gated(self, shape: Shape, met: int = 0) -> Block:
        """Return a shape as a block with its gates.

        Parameters
        ----------
        shape : Shape
            The shape.
        met : int
            The parts that have ended before it starts.
        """
        if shape.kind is Leaf:
            leaf = Leaf(shape.parts.bit_length() - 1)
            return Gated(leaf, missing) if (missing := shape.needs & ~met) else leaf
        if shape.kind is Series:
            blocks: list[Block] = []
            for inner in shape.inner:
                blocks.append(self.gated(inner, met))
                met |= inner.ended
            return Series(tuple(blocks))
        shared = shape.gate_in_front(met)
        met = self._after(met, shared)
        branches: list[Block] = []
        rest = list(shape.inner)
        for gate, behind in shape.gates_of_some(met).items():
            sharing = tuple(self.gated(inner, self._after(met, gate)) for inner in behind)
            branches.append(Gated(Parallel(sharing), gate))
            rest = [inner for inner in rest if inner not in behind]
        branches += [self.gated(inner, met) for inner in rest]
        block = Parallel(tuple(branches)) if len(branches) > 1 else branches[0]
        return Gated(block, shared) if shared else block

    def _after(self, met: int, gate: int) -> int:
        for part in members(gate):
            met |= self.order.before[part] | 1 << part
        return met


def series(shapes: Sequence[Shape]) -> Shape:
    """Put shapes one after the other; there must be one at least."""
    return _composed(Series, shapes)


def parallel(shapes: Sequence[Shape]) -> Shape:
    """Put shapes side by side; there must be one at least."""
    return _composed(Parallel, shapes)


def _composed(kind: type[Series | Parallel], shapes: Sequence[Shape]) -> Shape:
    if len(shapes) == 1:
        return shapes[0]
    # What is of the same kind needs no state of its own.
    flat = [each for shape in shapes for each in (shape.inner if shape.kind is kind else (shape,))]
    return Shape(
        kind,
        tuple(flat),
        _union(shape.parts for shape in flat),
        _union(shape.needs for shape in flat),
        _union(shape.ended for shape in flat),
        reduce(and_, (shape.awaited for shape in flat)),
        sum(shape.parallels for shape in flat) + (kind is Parallel),
        {},
    )


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets)
