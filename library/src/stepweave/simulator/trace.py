"""What happened in a simulated execution."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from stepweave.contract.event import TaskEvent


@dataclass
class Trace:
    """What happened in a simulated execution and those nested in it.

    Attributes
    ----------
    output : JsonValue
        The execution's output.
    makespan : float
        Seconds from start to end.
    started, ended : dict[str, float]
        For each task the start of its first attempt and the end of its last.
    events : dict[str, TaskEvent]
        The event of each task's last attempt.
    attempts : dict[str, int]
        How often each task was tried.
    transitions : int
        States entered.
    histories : list of int
        For each execution the events in its history, in the order in which they were started.
    peak_payload_bytes : int
        The largest input or output of a state.
    """

    output: JsonValue = None
    makespan: float = 0.0
    started: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    events: dict[str, TaskEvent] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    transitions: int = 0
    histories: list[int] = field(default_factory=list)
    peak_payload_bytes: int = 0

    @property
    def history_events(self) -> int:
        """Events in the longest history of an execution."""
        return max(self.histories)

    @property
    def executions(self) -> int:
        """Executions that were started, the first one included."""
        return len(self.histories)
