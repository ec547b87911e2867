"""The files by which commands find a local cloud that runs in the background: its state, its lock and its log."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict


class DaemonState(BaseModel):
    """What is known about a local cloud that runs in the background.

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
    began_with_stacks
        Whether it had stacks when it began to answer, for it had kept them.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    port: int
    endpoint_url: str
    started: datetime
    persist: Path | None = None
    began_with_stacks: bool = False


@dataclass(frozen=True)
class DaemonFiles:
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

    def read_state(self) -> DaemonState | None:
        """Return what the state file says, or None if there is none that can be read."""
        try:
            return DaemonState.model_validate_json(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def write_state(self, state: DaemonState) -> None:
        """Write the state file; a reader sees all of it or nothing."""
        temporary = self.state.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")
        temporary.replace(self.state)

    def is_locked(self) -> bool:
        """Tell whether a process holds the lock."""
        if not self.lock.exists():
            return False
        with self.lock.open("a") as file:
            return not _try_lock(file)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock; yields False, and holds nothing, if another process has it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        # A record lock and not flock(): worker processes that are forked must not keep the lock after our end.
        with self.lock.open("a") as file:
            yield _try_lock(file)


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
