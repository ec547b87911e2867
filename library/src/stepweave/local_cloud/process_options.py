"""What the process of a local cloud is told by who starts it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from stepweave.local_cloud.faults.tasks import Tasks


class ControlOptions(BaseModel):
    """What a test controls besides.

    Attributes
    ----------
    tasks
        Of the functions that work on tasks; None if none does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Tasks | None = None


class ProcessOptions(BaseModel):
    """How a local cloud runs.

    Attributes
    ----------
    port
        The port on 127.0.0.1; 0 takes a free one.
    detached
        Whether it goes on until SIGINT or SIGTERM; else it ends with who started it.
    lock, state
        Its files, both or neither; see `ProcessFiles`.
    persist
        The folder that keeps its state across restarts; None if it forgets all when it stops.
    controls
        What a test controls; None for neither faults nor the clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = 0
    detached: bool = False
    lock: Path | None = None
    state: Path | None = None
    persist: Path | None = None
    controls: ControlOptions | None = None
