"""What an author may decide about how a graph is compiled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stepweave.graph.strategy import STRATEGIES, Strategy


@dataclass(frozen=True)
class CompileOptions:
    """What an author may decide about how a graph is compiled.

    Parameters
    ----------
    strategy : Strategy
        ``gates``: no task ever waits without need. ``levels``: a barrier after each level of the whole graph; for
        comparison. ``auto``: gates, except where known durations show that barriers cost fewer transitions, and no
        more time than `tolerance` allows.
    durations : Mapping[str, float] | None
        Seconds that a task takes, by task id, as learned from executions; only the known ones. They count for more
        than what the workflow or the agents' contracts declare.
    tolerance : float | None
        How much longer than its critical path a workflow may take for the sake of fewer transitions: 0.02 is two
        hundredths. None leaves it to the workflow.

    Raises
    ------
    ValueError
        If a duration or the tolerance is negative or no number.
    """

    strategy: Strategy = "auto"
    durations: Mapping[str, float] | None = None
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, not {self.strategy!r}")
        if self.tolerance is not None and not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError(f"tolerance must be a number of at least 0, not {self.tolerance}")
        for task, seconds in (self.durations or {}).items():
            if not (math.isfinite(seconds) and seconds >= 0):
                raise ValueError(f"the duration of task {task!r} must be a number of at least 0, not {seconds}")


AS_DECLARED = CompileOptions()
"""What counts unless somebody says otherwise."""
