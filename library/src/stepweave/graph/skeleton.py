"""Chooses which dependencies of a prime order the shape of the state machine keeps; gates keep the others.

The dependencies that are kept make a *skeleton*: a series-parallel order that asks for nothing which the whole order
does not ask for, so no task ever waits without need. A task with a dependency that the skeleton lacks waits at a gate.
The skeleton is where the search for a better shape starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from stepweave.graph.order import Order, closed, components, members

_LARGEST_SEARCHED = 800
"""Parts beyond which each part keeps one dependency only: that is always series-parallel and needs no search."""

_DEEPEST = 40
"""How deeply branches are nested in branches where nothing else decides it."""


@lru_cache(maxsize=64)
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
        return _forest(direct)
    return tuple(_grown(order, direct))


def _forest(direct: tuple[int, ...]) -> tuple[int, ...]:
    """Keep the last direct dependency of each part, as long as that does not nest branches too deeply."""
    kept = [needed and 1 << needed.bit_length() - 1 for needed in direct]
    children = Counter(kept)
    depth: list[int] = []
    for part, parent in enumerate(kept):
        own = depth[parent.bit_length() - 1] + (children[parent] > 1) if parent else 0
        if own > _DEEPEST:
            kept[part], own = 0, 0
        depth.append(own)
    return tuple(kept)


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
