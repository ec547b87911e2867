"""Starts the reaper process, and tells it which workers there are."""

import contextlib
import subprocess
import threading
from pathlib import Path

SCRIPT = Path(__file__).with_name("reaper_process.py")


class Reaper:
    """Makes sure that neither workers nor files survive the host, even one that is killed.

    Parameters
    ----------
    python : Path
        The interpreter.
    directory : Path
        Removed at the end.
    """

    def __init__(self, python: Path, directory: Path) -> None:
        self._lock = threading.Lock()
        # A session of its own, so that an interrupt from the terminal does not end it before the host.
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [python, "-I", "-S", SCRIPT, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={},
            start_new_session=True,
            text=True,
        )

    def started(self, pid: int) -> None:
        """A process group was started."""
        self._tell(f"start {pid}\n")

    def stopped(self, pid: int) -> None:
        """A process group has ended."""
        self._tell(f"stop {pid}\n")

    def close(self) -> None:
        """Have it kill what is left and remove the directory, and wait for it."""
        with self._lock:
            assert self._process.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()  # what it has left to do ends, however busy the machine is

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process.stdin is None or self._process.stdin.closed:
                return
            with contextlib.suppress(OSError):
                self._process.stdin.write(line)
                self._process.stdin.flush()
