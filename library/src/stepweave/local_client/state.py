"""What the process of a local cloud says of itself, and the files that keep it for others to find."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class CloudState(BaseModel):
    """What is known of a local cloud that runs.

    Attributes
    ----------
    pid
        Its process.
    port
        The port on 127.0.0.1 that it listens on.
    endpoint_url
        What clients use as their endpoint.
    started
        When it began to answer.
    persist
        The folder that keeps its state across restarts; None if it forgets all when it stops.
    token
        What a request of its control API must bear: no business of anybody else.
    began_with_stacks
        Whether it had stacks when it began to answer, for it had kept them.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    port: int
    endpoint_url: str
    started: datetime
    persist: Path | None = None
    token: str = Field(default="", repr=False, exclude=True)
    began_with_stacks: bool = False


@dataclass(frozen=True)
class CloudFiles:
    """The files of the local cloud of one project.

    Parameters
    ----------
    root
        The project's directory.
    """

    root: Path

    @property
    def directory(self) -> Path:
        """Where the files are."""
        return self.root / ".stepweave"

    @property
    def state(self) -> Path:
        """Says where the local cloud answers."""
        return self.directory / "local-cloud.json"

    @property
    def lock(self) -> Path:
        """Locked for as long as the local cloud runs; the system unlocks it, however the process ends."""
        return self.directory / "local-cloud.lock"

    @property
    def log(self) -> Path:
        """What the local cloud has to say."""
        return self.directory / "local-cloud.log"

    def read_state(self) -> CloudState | None:
        """Return what the state file says, or None if there is none that can be read."""
        try:
            return CloudState.model_validate_json(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def is_locked(self) -> bool:
        """Tell whether a process holds the lock."""
        if not self.lock.exists():
            return False
        with self.lock.open("a") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False
