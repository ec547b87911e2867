"""Cuts a workflow that is too large for one execution into nested executions.

The cut goes through the tree of sequences and parallels, so that a nested execution starts when its part would have
started and its end is a join that was there anyway. Gates work across it, since they belong to the whole workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from stepweave.compiler.jsonpath_dialect.reading import Purpose, StateJson, branches_of, purpose_of
from stepweave.compiler.limits import definition_bytes, events_of
from stepweave.graph.decomposition import Block, Gated, Leaf, Nested, Parallel, Prime, Series


@dataclass(frozen=True)
class Weight:
    """What a part takes of an execution's room.

    Parameters
    ----------
    bytes : int
        Of the definition, as JSON without blanks.
    events : int
        Of the execution's history at the most.
    """

    bytes: int
    events: int

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.bytes + other.bytes, self.events + other.events)

    def share_of(self, room: Weight) -> float:
        """Return which part of the room it takes, of the one that is scarcer."""
        return max(self.bytes / room.bytes, self.events / room.events)


_GATE = Weight(1400, 60)
_PARALLEL = Weight(400, 4)
_NESTED = Weight(900, 10)


def task_weights(branch: StateJson, tasks: Container[str], timeout_seconds: int) -> dict[str, Weight]:
    """Return what each task takes in a definition: its own state, those of its fallbacks, and what runs if it failed.

    Parameters
    ----------
    branch : Branch
        The definition, in which those states follow the task's.
    tasks : Container[str]
        The ids of the tasks.
    timeout_seconds : int
        How long the execution may take.
    """
    taken: dict[str, Weight] = {}
    last = ""
    for name, state in branch["States"].items():
        purpose = purpose_of(state)
        if purpose is Purpose.PARALLEL:
            for inner in branches_of(state):
                taken |= task_weights(inner, tasks, timeout_seconds)
            continue
        if name in tasks:
            last = name
        elif purpose is Purpose.GATE:
            continue
        weight = Weight(len(name) + definition_bytes(state) + 10, events_of(state, timeout_seconds))
        taken[last] = taken.get(last, Weight(0, 0)) + weight
    return taken


def partition(block: Block, tasks: Mapping[int, Weight], room: Weight) -> Block:
    """Replace parts by nested executions until every execution fits.

    Parameters
    ----------
    block : Block
        The workflow, without `Prime`.
    tasks : Mapping[int, Weight]
        What each task takes.
    room : Weight
        What one execution has.
    """
    return _fitted(block, tasks, room)[0]


def _fitted(block: Block, tasks: Mapping[int, Weight], room: Weight) -> tuple[Block, Weight]:
    """Return a block that fits into one execution with what it holds, and what it takes there."""
    match block:
        case Leaf(task):
            return block, tasks[task]
        case Gated(part, awaited):
            inner, weight = _fitted(part, tasks, room)
            if (weight + _GATE).share_of(room) > 1:
                inner, weight = Nested(inner), _NESTED
            return Gated(inner, awaited), weight + _GATE
        case Series(parts):
            return _packed([_fitted(part, tasks, room) for part in parts], Series, Weight(0, 0), room)
        case Parallel(parts):
            return _packed([_fitted(part, tasks, room) for part in parts], Parallel, _PARALLEL, room)
        case Prime() | Nested():
            raise ValueError("prime blocks and nested executions cannot be partitioned")
    assert_never(block)


def _packed(
    parts: list[tuple[Block, Weight]],
    kind: Callable[[tuple[Block, ...]], Series | Parallel],
    own: Weight,
    room: Weight,
) -> tuple[Block, Weight]:
    """Put parts that are neighbours into nested executions of about the same size, if they do not fit as they are."""
    while (total := _total(parts) + own).share_of(room) > 1:
        packs = list(_packs(parts, room, own))
        if len(packs) == len(parts):
            # Each part fills more than half of an execution, so each gets one of its own.
            parts = [(part, weight) if isinstance(part, Nested) else (Nested(part), _NESTED) for part, weight in parts]
            continue
        parts = [pack[0] if len(pack) == 1 else _nested(pack, kind) for pack in packs]
    blocks = tuple(part for part, _ in parts)
    return (blocks[0] if len(blocks) == 1 else kind(blocks)), total


def _packs(parts: list[tuple[Block, Weight]], room: Weight, own: Weight) -> Iterator[list[tuple[Block, Weight]]]:
    aim = _total(parts).share_of(room)
    aim /= int(aim) + 1
    pack: list[tuple[Block, Weight]] = []
    taken = own
    for part in parts:
        if pack and (taken + part[1]).share_of(room) > min(1.0, aim + part[1].share_of(room) / 2):
            yield pack
            pack, taken = [], own
        pack.append(part)
        taken += part[1]
    yield pack


def _nested(
    pack: list[tuple[Block, Weight]], kind: Callable[[tuple[Block, ...]], Series | Parallel]
) -> tuple[Block, Weight]:
    return Nested(kind(tuple(part for part, _ in pack))), _NESTED


def _total(parts: list[tuple[Block, Weight]]) -> Weight:
    return sum((weight for _, weight in parts), Weight(0, 0))
