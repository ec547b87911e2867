"""What is handed to CloudWatch Logs."""

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class LogEvent:
    """One event: its time in ms since the epoch, and the message with neither line end."""

    timestamp_ms: int
    message: str


@dataclass(frozen=True)
class LogBatch:
    """Events of one log stream, in order.

    Attributes
    ----------
    function_arn : str
        Tells account and region.
    group, stream : str
        Log group and log stream; either may not exist yet.
    events : tuple of LogEvent
    """

    function_arn: str
    group: str
    stream: str
    events: tuple[LogEvent, ...]


def now_event(message: str) -> LogEvent:
    """An event that happens now."""
    return LogEvent(time.time_ns() // 1_000_000, message)
