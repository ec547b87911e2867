"""The process of a worker, as its owner sees it: however it was started, it is killed with all that it started."""

import contextlib
import os
import signal
import subprocess
from typing import Protocol


class WorkerProcess(Protocol):
    """A process that leads a process group of its own."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def returncode(self) -> int | None:
        """How it ended, negative for a signal; None as long as nobody has waited for it."""

    def is_alive(self) -> bool:
        """Whether it runs. It is not reaped by this: until then, its group's id cannot be another's."""

    def kill(self) -> None:
        """Kill it with all that it started. Callable from any thread."""

    def wait(self) -> int:
        """Wait for its end, and reap it."""


class SpawnedProcess:
    """A worker that was started as a program."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended."""
        return self._process.returncode

    def is_alive(self) -> bool:
        """Whether it runs."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is None
        return self._process.returncode is None and not os.waitid(
            os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
        )

    def kill(self) -> None:
        """Kill it with all that it started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end."""
        return self._process.wait()
