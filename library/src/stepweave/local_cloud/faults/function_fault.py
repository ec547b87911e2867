"""What a test has a function do instead of its work, or on top of it; in JSON by its ``kind``."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from pydantic import ConfigDict, JsonValue
from pydantic.dataclasses import dataclass

_EXACT: Final = ConfigDict(extra="forbid")


class CrashPoint(StrEnum):
    """When a worker process is killed, as the local cloud itself can."""

    STARTED = "started"
    """While it handles the event."""
    FINISHED = "finished"
    """After the handler's work is done, and before its result is known to anybody."""


@dataclass(frozen=True, config=_EXACT)
class Fails:
    """A task's own code raises an error of this name, or a function that has no tasks reports it."""

    error: str
    message: str
    kind: Literal["fails"] = field(default="fails", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class Returns:
    """A task's own code, or the function, returns this without working for it."""

    value: JsonValue
    kind: Literal["returns"] = field(default="returns", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class Delays:
    """The call waits before it reaches the function; the function's timeout counts from the beginning of the wait."""

    seconds: float
    kind: Literal["delays"] = field(default="delays", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class Crashes:
    """The worker process is killed: at a `CrashPoint`, or at one that only the hook of its tasks knows."""

    when: str
    kind: Literal["crashes"] = field(default="crashes", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class Refused:
    """Lambda refuses the call by an error of its own; the function does not run."""

    reason: Literal["throttled", "unavailable"]
    kind: Literal["refused"] = field(default="refused", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class TimesOut:
    """The function runs out of time."""

    kind: Literal["times out"] = field(default="times out", kw_only=True, repr=False)


@dataclass(frozen=True, config=_EXACT)
class Repeats:
    """The event is delivered twice at once, as an at-least-once service may."""

    kind: Literal["repeats"] = field(default="repeats", kw_only=True, repr=False)


FunctionFault: TypeAlias = Fails | Returns | Delays | Crashes | Refused | TimesOut | Repeats
