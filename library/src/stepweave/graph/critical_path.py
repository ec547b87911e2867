"""The longest chain of tasks: no schedule can be shorter."""

from collections.abc import Mapping
from graphlib import TopologicalSorter


def critical_path_seconds(dependencies: Mapping[str, frozenset[str]], seconds: Mapping[str, float]) -> float:
    """Return how long the longest chain of dependent tasks takes.

    Parameters
    ----------
    dependencies : Mapping[str, frozenset[str]]
        What each task waits for; without cycles.
    seconds : Mapping[str, float]
        How long each task takes.

    Example
    -------
    >>> critical_path_seconds({"a": frozenset(), "b": frozenset({"a"})}, {"a": 1.0, "b": 2.0})
    3.0
    """
    ends: dict[str, float] = {}
    for task in TopologicalSorter(dependencies).static_order():
        ends[task] = max((ends[needed] for needed in dependencies[task]), default=0.0) + seconds[task]
    return max(ends.values(), default=0.0)
