"""The local cloud of a project, which goes on in the background until it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stepweave.local_client.control import answering_process
from stepweave.local_client.errors import AlreadyRunningError, LocalCloudError
from stepweave.local_client.launch import announced, launch
from stepweave.local_client.state import CloudFiles, CloudState

_STOP_SECONDS: Final = 60.0  # a large state takes a while to be written down
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True)
class CloudStatus:
    """Whether a project's local cloud runs.

    Attributes
    ----------
    state
        Where it answers, or None if none runs.
    answers
        Whether that process answers at that port.
    """

    state: CloudState | None
    answers: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.state is not None


def status(root: Path) -> CloudStatus:
    """Tell whether the local cloud of a project runs.

    A state file counts only while its process holds the lock, so that one left behind by a process that was killed,
    whose id may be another program's by now, is not believed.

    Parameters
    ----------
    root
        The project's directory.
    """
    files = CloudFiles(root)
    if not files.is_locked():
        with suppress(OSError):  # whether it can be removed changes nothing
            files.state.unlink(missing_ok=True)
        return CloudStatus(None)
    state = files.read_state()
    if state is None:
        return CloudStatus(None)
    return CloudStatus(state, answers=answering_process(state.port) == state.pid)


def process_options(root: Path, port: int, persist: Path | None) -> dict[str, Any]:
    """Return what the process of a project's local cloud is told."""
    files = CloudFiles(root.resolve())
    return {
        "port": port,
        "lock": str(files.lock),
        "state": str(files.state),
        "persist": None if persist is None else str(persist.resolve()),
    }


def up(root: Path, port: int = 0, persist: Path | None = None) -> tuple[CloudState, bool]:
    """Start the local cloud of a project in the background, and return when it answers.

    Parameters
    ----------
    root
        The project's directory.
    port
        The port on 127.0.0.1; 0 takes a free one.
    persist
        The folder that keeps its state across restarts; None if it forgets all when it stops.

    Returns
    -------
    tuple
        Where it answers, and whether it was started by this call: False if it was running already.

    Raises
    ------
    LocalCloudError
        If it could not be started, such as when the port is taken or the folder holds no state that can be used.
    """
    current = status(root)
    if current.state is not None:
        return current.state, False
    files = CloudFiles(root)
    try:
        files.directory.mkdir(parents=True, exist_ok=True)
        log = files.log.open("wb")
    except OSError as error:
        where = files.directory if error.filename is None else error.filename
        raise LocalCloudError(f"{os.fsdecode(where)}: {error.strerror or error}") from error
    with log:
        options = {**process_options(root, port, persist), "detached": True}
        process = launch(options, log, stdin=subprocess.DEVNULL, cwd=root)
    try:
        return announced(process, files.log), True
    except AlreadyRunningError:
        return _await_other(root), False
    finally:
        process.wait()  # it has handed over to a process of its own, which nobody needs to wait for


def down(root: Path) -> bool:
    """Stop the local cloud of a project and wait until it has ended.

    Parameters
    ----------
    root
        The project's directory.

    Returns
    -------
    bool
        Whether one was running.

    Raises
    ------
    LocalCloudError
        If it does not end.
    """
    state = status(root).state
    if state is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    files = CloudFiles(root)
    deadline = time.monotonic() + _STOP_SECONDS
    while files.is_locked():
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"process {state.pid} did not end within {_STOP_SECONDS:.0f} s: see {files.log}, or end it by force"
            )
        time.sleep(_POLL_SECONDS)
    files.state.unlink(missing_ok=True)
    return True


def _await_other(root: Path) -> CloudState:
    """Return the state of the local cloud that another process is about to start."""
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        state = status(root).state
        if state is not None:
            return state
        time.sleep(_POLL_SECONDS)
    raise LocalCloudError(f"another process starts the local cloud of {root}, but it does not answer")
