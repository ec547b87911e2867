"""The order that a graph's dependencies mean: its closure, its reduction and its levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter


@dataclass(frozen=True)
class Order:
    """A partial order over tasks, each named by its position in `tasks`.

    Sets of tasks are integers with a bit for each member: a set operation over a thousand tasks is one
    operation on an integer.

    Parameters
    ----------
    tasks : tuple of str
        The ids in a topological order, which keeps the author's order where the dependencies leave it free.
    direct : tuple of int
        For each task the set of those that it waits for and that no other of them waits for.
    before, after : tuple of int
        For each task the set of all tasks that must end before it starts, and that start after it has ended.
    """

    tasks: tuple[str, ...]
    direct: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def everything(self) -> int:
        """The set of all tasks."""
        return (1 << len(self.tasks)) - 1


def order_of(dependencies: Mapping[str, frozenset[str]]) -> Order:
    """Compute the order of an acyclic graph.

    Parameters
    ----------
    dependencies : Mapping[str, frozenset[str]]
        What each task waits for, in the author's order.

    Raises
    ------
    graphlib.CycleError
        If the graph has a cycle; validate it first.
    """
    tasks = _topological(dependencies)
    index = {task: position for position, task in enumerate(tasks)}
    return closed(tasks, [sum(1 << index[needed] for needed in dependencies[task]) for task in tasks])


def closed(tasks: tuple[str, ...], direct: Iterable[int]) -> Order:
    """Make the order that some dependencies mean.

    Parameters
    ----------
    tasks : tuple of str
        The ids in a topological order.
    direct : Iterable[int]
        For each task the set of tasks that it waits for; redundant ones do no harm.
    """
    reduced: list[int] = []
    before: list[int] = []
    for needed in direct:
        implied = 0
        for other in members(needed):
            implied |= before[other]
        reduced.append(needed & ~implied)
        before.append(needed | implied)
    after = [0] * len(tasks)
    for position in range(len(tasks) - 1, -1, -1):
        for other in members(reduced[position]):
            after[other] |= after[position] | 1 << position
    return Order(tasks, tuple(reduced), tuple(before), tuple(after))


def _topological(dependencies: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    written = {task: position for position, task in enumerate(dependencies)}
    sorter = TopologicalSorter(dependencies)
    sorter.prepare()
    tasks: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=written.__getitem__)
        tasks.extend(ready)
        sorter.done(*ready)
    return tuple(tasks)


def levels(order: Order) -> list[int]:
    """Group the tasks by the longest chain that leads to them, shortest first."""
    depth: list[int] = []
    groups: list[int] = []
    for task, direct in enumerate(order.direct):
        depth.append(max((depth[needed] + 1 for needed in members(direct)), default=0))
        if depth[task] == len(groups):
            groups.append(0)
        groups[depth[task]] |= 1 << task
    return groups


def components(within: int, neighbours: list[int]) -> list[int]:
    """Split a set into the parts that a symmetric relation connects, in the order of their first members.

    Parameters
    ----------
    within : int
        The set.
    neighbours : list of int
        For each task the set of those that it is related to; tasks outside the set do no harm.
    """
    parts = []
    rest = within
    while rest:
        part = frontier = rest & -rest
        rest ^= part
        while frontier:
            reached = 0
            for task in members(frontier):
                reached |= neighbours[task]
            frontier = reached & rest
            rest ^= frontier
            part |= frontier
        parts.append(part)
    return parts


def members(subset: int) -> Iterator[int]:
    """Yield the positions in a set, in topological order."""
    while subset:
        lowest = subset & -subset
        yield lowest.bit_length() - 1
        subset ^= lowest


def restricted(order: Order, within: int) -> Order:
    """Return the order of some of the tasks, numbered anew in the same sequence."""
    kept = list(members(within))
    number = {task: position for position, task in enumerate(kept)}
    return closed(
        tuple(order.tasks[task] for task in kept),
        [sum(1 << number[needed] for needed in members(order.before[task] & within)) for task in kept],
    )
