"""What an author may decide about how a graph is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stepweave.contract.option_checks import check_number
from stepweave.graph.dag import MAX_TOLERANCE
from stepweave.graph.strategy import STRATEGIES, Strategy

MAX_SECONDS = 366 * 24 * 3600
"""An execution of Step Functions lasts a year at the most."""


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
        If the strategy is unknown, or a duration or the tolerance is negative, too large or not finite.
    TypeError
        If a value is of another type.
    """

    strategy: Strategy = "auto"
    durations: Mapping[str, float] | None = None
    tolerance: float | None = None

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, not {self.strategy!r}")
        if self.tolerance is not None:
            check_number("tolerance", self.tolerance, 0, MAX_TOLERANCE)
        if not isinstance(self.durations, Mapping | None):
            raise TypeError(f"durations must be a mapping of task ids to seconds, not {self.durations!r}")
        for task, seconds in (self.durations or {}).items():
            check_number(f"the duration of task {task!r}", seconds, 0, MAX_SECONDS)


AS_DECLARED = CompileOptions()
"""What counts unless somebody says otherwise."""
