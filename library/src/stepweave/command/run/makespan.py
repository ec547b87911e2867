"""How long an execution's tasks took, beside the least that they could have taken."""

from dataclasses import dataclass

from stepweave.command.executions.progress import Progress
from stepweave.command.terminal.console import seconds


@dataclass(frozen=True)
class Makespan:
    """How long an execution's tasks took, beside the least that they could have taken.

    Parameters
    ----------
    measured : float | None
        Seconds from the start of the first task to the end of the last one; None if one of them did not end.
    critical_path : float | None
        Seconds that the longest chain of tasks takes; None if it is not known how long each takes.
    """

    measured: float | None
    critical_path: float | None

    @classmethod
    def of(cls, progress: Progress, critical_path: float | None) -> "Makespan":
        """Measure an execution by its history."""
        started = [task.started for task in progress.shown.values() if task.started is not None]
        finished = [task.finished for task in progress.shown.values() if task.finished is not None]
        whole = progress.shown and len(started) == len(finished) == len(progress.shown)
        return cls((max(finished) - min(started)).total_seconds() if whole else None, critical_path)

    def line(self) -> str:
        """Say it in one line.

        Example
        -------
        >>> Makespan(10.24, 10.0).line()
        'makespan 10.2s, 1.024 times the critical path of 10.0s'
        """
        if self.measured is None:
            return ""
        said = f"makespan {seconds(self.measured)}"
        if self.critical_path:
            said += (
                f", {self.measured / self.critical_path:.3f} times the critical path of {seconds(self.critical_path)}"
            )
        return said
