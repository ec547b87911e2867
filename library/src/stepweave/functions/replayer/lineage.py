"""A digest that tells what a task was given, and by which tasks that was made."""

import hashlib
import json
from collections.abc import Iterable

from pydantic import JsonValue


def lineage(task: str, dependencies: Iterable[JsonValue]) -> str:
    """Return the lineage of a task.

    Parameters
    ----------
    task : str
        The task's id.
    dependencies : Iterable[JsonValue]
        What it was given. A result that has a ``lineage`` counts by that alone, since it says when the task ran, too.

    Example
    -------
    >>> lineage("b", [{"lineage": lineage("a", []), "started": 1.0}]) == lineage("b", [{"lineage": lineage("a", [])}])
    True
    """
    given = [one["lineage"] if isinstance(one, dict) and "lineage" in one else one for one in dependencies]
    return hashlib.sha256(json.dumps([task, given], sort_keys=True).encode()).hexdigest()
