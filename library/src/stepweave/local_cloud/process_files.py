"""The files by which others find the process of a local cloud: its lock, and its state."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessFiles:
    """The files of one local cloud.

    Parameters
    ----------
    lock
        Locked for as long as it runs; the system unlocks it, however the process ends.
    state
        Says where it answers, and what its control token is: only its user may read it.
    """

    lock: Path
    state: Path

    def write_state(self, text: str) -> None:
        """Write the state file; a reader sees all of it or nothing."""
        temporary = self.state.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.touch(mode=0o600)
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(self.state)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock; yields False, and holds nothing, if another process has it."""
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        # A record lock and not flock(): worker processes that are forked must not keep the lock after our end.
        with self.lock.open("a") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True
