"""What is handed to CloudWatch Logs."""

import time
from dataclasses import dataclass

from stepweave.local_cloud.identifiers import new_hexadecimal
from stepweave.local_cloud.permissions.callers import RoleSession


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
    caller : RoleSession or None
        In whose name they are written.
    """

    function_arn: str
    group: str
    stream: str
    events: tuple[LogEvent, ...]
    caller: RoleSession | None = None


def new_log_stream(version: str) -> str:
    """The name of a log stream that begins now, for an execution environment of a function's version."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{new_hexadecimal(32)}"


def now_event(message: str) -> LogEvent:
    """An event that happens now."""
    return LogEvent(time.time_ns() // 1_000_000, message)
