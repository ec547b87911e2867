"""Chooses which dependencies of a prime order the shape of the state machine keeps; gates keep the others.

The dependencies that are kept make a *skeleton*: a series-parallel order that asks for nothing which the whole order
does not ask for, so no task ever waits without need. A task with a dependency that the skeleton lacks waits at a gate.
A gate costs one transition and so does a ``Parallel`` state, and the skeleton is chosen for the least of both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from state_machines.graph.order import Order, closed, components, members

_LARGEST_SEARCHED = 800
"""Parts beyond which each part keeps one dependency only: that is always series-parallel and needs no search."""

_SEARCH_EFFORT = 3_000_000
_TRIES_PER_PART = 100
"""How much is tried to better a skeleton, in parts looked at and in tries: about half a second at the most."""


def skeleton(order: Order) -> tuple[int, ...]:
    """Choose the dependencies to keep.

    Parameters
    ----------
    order : Order
        The order between the parts of a prime block.

    Returns
    -------
    tuple of int
        For each part the set of parts after which the state machine's shape puts it. They are among those that it
        waits for, and they are all of its direct ones unless it needs a gate.
    """
    direct = order.direct
    if len(direct) > _LARGEST_SEARCHED:
        return tuple(1 << kept.bit_length() - 1 if kept else 0 for kept in direct)
    kept = _grown(order, direct)
    return tuple(_bettered(order, direct, kept))


def _grown(order: Order, direct: tuple[int, ...]) -> list[int]:
    """Add one part after the other, each with as many of its dependencies as leave the skeleton series-parallel."""
    kept: list[int] = []
    for part, needed in enumerate(direct):
        for choice in _choices(needed, order.before[part]):
            if _parallels([*kept, choice]) is not None:
                kept.append(choice)
                break
    return kept


def _choices(direct: int, before: int) -> Iterator[int]:
    """Yield what a part may keep, the best first: all, a direct dependency, an indirect one, none."""
    yield direct
    for group in (direct, before & ~direct):
        for needed in reversed(list(members(group))):
            if 1 << needed != direct:
                yield 1 << needed
    if direct:
        yield 0


def _bettered(order: Order, direct: tuple[int, ...], kept: list[int]) -> list[int]:
    """Change one or two parts' choices at random, and keep what costs no more. The same order gives the same result."""
    chance = random.Random(len(direct))  # noqa: S311 - not for secrets
    cost = _cost(direct, kept)
    assert cost is not None  # noqa: S101 - what was grown is series-parallel
    for _ in range(min(_TRIES_PER_PART * len(direct), _SEARCH_EFFORT // len(direct) ** 2)):
        former = list(kept)
        for _ in range(chance.choice((1, 2))):
            part = chance.randrange(len(direct))
            kept[part] = chance.choice(list(_choices(direct[part], order.before[part])))
        changed = _cost(direct, kept)
        if changed is None or changed > cost:
            kept = former
        else:
            cost = changed
    return kept


def _cost(direct: tuple[int, ...], kept: list[int]) -> int | None:
    """Return the transitions that a skeleton adds to those of the tasks; None if it is not series-parallel."""
    parallels = _parallels(kept)
    if parallels is None:
        return None
    before = closed(("",) * len(kept), kept).before
    return parallels + sum(needed & ~placed != 0 for needed, placed in zip(direct, before, strict=True))


def _parallels(kept: list[int]) -> int | None:
    """Count the parallel compositions of an order; None if it is not series-parallel."""
    order = closed(("",) * len(kept), kept)
    related = [before | after for before, after in zip(order.before, order.after, strict=True)]
    unrelated = [~others for others in related]
    found = 0
    pending = [((1 << len(kept)) - 1, False)]
    while pending:
        within, connected = pending.pop()
        if within & (within - 1) == 0:
            continue
        parts = components(within, unrelated if connected else related)
        if len(parts) == 1:
            if connected:
                return None
            pending.append((within, True))
            continue
        found += not connected
        # A part of a series is not a series itself, nor a part of a parallel a parallel.
        pending.extend((part, not connected) for part in parts)
    return found
