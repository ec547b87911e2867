"""What a test has a function do instead of its work, or on top of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pydantic import JsonValue


class CrashPoint(StrEnum):
    """When a worker process is killed."""

    STARTED = "started"
    """While it handles the event."""
    CALLED = "called"
    """When the agent's own code is about to be called: the attempt is under way for all others."""
    RETURNED = "returned"
    """When the agent's own code has done its work, and its result is not stored yet."""
    STORED = "stored"
    """When the agent's result is stored, and those who wait for it have not been told."""
    FINISHED = "finished"
    """After the handler's work is done, and before its result is known to anybody."""


@dataclass(frozen=True)
class Fails:
    """The agent raises an error of this name, or a function that is no agent reports it."""

    error: str
    message: str


@dataclass(frozen=True)
class Returns:
    """The agent, or the function, returns this without working for it."""

    value: JsonValue


@dataclass(frozen=True)
class Delays:
    """The call waits before it reaches the function; the function's timeout counts from the beginning of the wait."""

    seconds: float


@dataclass(frozen=True)
class Crashes:
    """The worker process is killed."""

    when: CrashPoint


@dataclass(frozen=True)
class Refused:
    """Lambda refuses the call by an error of its own; the function does not run."""

    error: str
    status: int


@dataclass(frozen=True)
class TimesOut:
    """The function runs out of time."""


@dataclass(frozen=True)
class Repeats:
    """The event is delivered twice at once, as an at-least-once service may."""


FunctionFault: TypeAlias = Fails | Returns | Delays | Crashes | Refused | TimesOut | Repeats
