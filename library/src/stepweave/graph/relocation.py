"""Takes a piece out of a shape, and finds the places where it may be put instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from stepweave.graph.decomposition import Parallel, Series
from stepweave.graph.shape import Shape, parallel, series

Place = Callable[[Shape], Shape]
"""Takes a piece and returns the whole shape with the piece in it."""


@dataclass(frozen=True)
class Limits:
    """Where a piece may go.

    Parameters
    ----------
    not_before, not_after : int
        Parts that must not come before the piece, and those that must not come after it.
    dependencies, dependants : int
        The parts that it depends on, and those that depend on it.
    """

    not_before: int
    not_after: int
    dependencies: int
    dependants: int


def detach(shape: Shape, chance: Random) -> tuple[Shape, Shape]:
    """Take a piece out of a shape of several parts: a part, a nested shape, or the beginning or end of a sequence.

    Returns
    -------
    tuple of Shape and Shape
        The piece and what is left.
    """
    path: list[tuple[Shape, int]] = []
    within = shape
    stops_early = chance.random() < 0.3
    while within.inner:
        number = chance.choices(range(len(within.inner)), [inner.parts.bit_count() for inner in within.inner])[0]
        path.append((within, number))
        within = within.inner[number]
        if stops_early and chance.random() < 0.4:
            break
    within, number = path.pop()
    first, last = number, number + 1
    if within.kind is Series:
        kind = chance.random()
        if kind < 0.3 and first:
            last = len(within.inner)
        elif kind < 0.4 and last < len(within.inner):
            first = 0
    left = _again(within, [*within.inner[:first], *within.inner[last:]])
    for outer, number in reversed(path):
        left = _replaced(outer, number, left)
    return _again(within, within.inner[first:last]), left


def places(shape: Shape, limits: Limits, chance: Random) -> list[Place]:
    """Return places of a shape where a piece may be put; of the many ways to put it beside a sequence a random one."""
    found: list[Place] = []
    # Nested shapes that are yet to be looked at, with the parts before and after each, and whether they are branches.
    ahead: list[tuple[Shape, int, int, Place, bool]] = [(shape, 0, 0, _itself, False)]
    while ahead:
        within, before, after, whole, is_branch = ahead.pop()
        if before & limits.not_before or after & limits.not_after:
            continue
        if within.kind is Series:
            found += _in_sequence(within.inner, limits, chance, whole)
            later = after | within.parts
            for number, inner in enumerate(within.inner):
                later ^= inner.parts
                ahead.append((inner, before, later, partial(_within, whole, within, number), False))
                before |= inner.parts
            continue
        found += _next_to(within, limits, whole, is_branch)
        for number, inner in enumerate(within.inner):
            # Most branches are parts that the piece can go neither before nor after.
            if inner.inner or not inner.parts & limits.not_before or not inner.parts & limits.not_after:
                ahead.append((inner, before, after, partial(_within, whole, within, number), True))
    return found


def _next_to(shape: Shape, limits: Limits, whole: Place, is_branch: bool) -> Iterator[Place]:
    """Yield the places beside, after and before a part or a ``Parallel``, and around some of its branches."""
    if not is_branch:  # beside a branch is beside all of them
        yield partial(_beside, whole, (), (shape,), ())
    if not shape.parts & limits.not_before:
        yield partial(_between, whole, (shape,), ())
    if not shape.parts & limits.not_after:
        yield partial(_between, whole, (), (shape,))
    if shape.kind is Parallel:
        yield from _around_some(shape, limits, whole)


def _itself(shape: Shape) -> Shape:
    return shape


def _in_sequence(inner: Sequence[Shape], limits: Limits, chance: Random, whole: Place) -> Iterator[Place]:
    """Yield the places between the shapes of a sequence, and one beside some of them."""
    start, end = 0, len(inner)
    while start < len(inner) and not inner[start].parts & limits.not_before:
        start += 1
    while end and not inner[end - 1].parts & limits.not_after:
        end -= 1
    for at in range(end, start + 1):
        yield partial(_between, whole, inner[:at], inner[at:])
    if chance.random() < 0.5:
        start, end = chance.randint(0, start), chance.randint(end, len(inner))
    if start + 1 < end:
        yield partial(_beside, whole, inner[:start], inner[start:end], inner[end:])


def _between(whole: Place, before: Sequence[Shape], after: Sequence[Shape], piece: Shape) -> Shape:
    return whole(series((*before, piece, *after)))


def _beside(
    whole: Place, before: Sequence[Shape], beside: Sequence[Shape], after: Sequence[Shape], piece: Shape
) -> Shape:
    return whole(series((*before, parallel((series(beside), piece)), *after)))


def _within(whole: Place, shape: Shape, number: int, changed: Shape) -> Shape:
    return whole(_replaced(shape, number, changed))


def _around_some(shape: Shape, limits: Limits, whole: Place) -> Iterator[Place]:
    """Yield the places after those branches that the piece depends on, and before those that depend on it."""
    for related, forbidden, follows in (
        (limits.dependencies, limits.not_before, True),
        (limits.dependants, limits.not_after, False),
    ):
        some = [inner for inner in shape.inner if inner.parts & related and not inner.parts & forbidden]
        if 1 < len(some) < len(shape.inner):
            others = [inner for inner in shape.inner if inner not in some]
            yield partial(_around, whole, some, others, follows)


def _around(whole: Place, some: Sequence[Shape], others: Sequence[Shape], follows: bool, piece: Shape) -> Shape:
    inside = parallel(some)
    return whole(parallel((*others, series((inside, piece) if follows else (piece, inside)))))


def _replaced(shape: Shape, number: int, changed: Shape) -> Shape:
    return _again(shape, (*shape.inner[:number], changed, *shape.inner[number + 1 :]))


def _again(shape: Shape, inner: Sequence[Shape]) -> Shape:
    return series(inner) if shape.kind is Series else parallel(inner)
