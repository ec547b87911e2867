"""A local cloud that runs until it is told to stop: in the background, or in the foreground of a terminal.

``python -m stepweave.local_cloud.daemon ROOT PORT [PERSIST]`` is what :func:`up` starts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stepweave.local_cloud.daemon_files import DaemonFiles, DaemonState
from stepweave.local_cloud.errors import AlreadyRunningError, LocalCloudError
from stepweave.local_cloud.health import answering_process
from stepweave.local_cloud.stop_signals import StopSignals

if TYPE_CHECKING:
    from stepweave.local_cloud.cloud import LocalCloud

_PROJECT: Final = Path(__file__).resolve().parents[2]
_STOP_SECONDS: Final = 60.0  # a large state takes a while to be written down
_POLL_SECONDS: Final = 0.02
_LOCK_ATTEMPTS: Final = 10  # who looks whether the lock is free holds it for an instant


@dataclass(frozen=True)
class DaemonStatus:
    """Whether a project's local cloud runs.

    Attributes
    ----------
    state
        Where it answers, or None if none runs.
    answers
        Whether that process answers at that port.
    """

    state: DaemonState | None
    answers: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.state is not None


def status(root: Path) -> DaemonStatus:
    """Tell whether the local cloud of a project runs.

    A state file counts only while its process holds the lock, so that one left behind by a process that was killed,
    whose id may be another program's by now, is not believed.

    Parameters
    ----------
    root
        The project's directory.
    """
    files = DaemonFiles(root)
    if not files.is_locked():
        files.state.unlink(missing_ok=True)
        return DaemonStatus(None)
    state = files.read_state()
    if state is None:
        return DaemonStatus(None)
    return DaemonStatus(state, answers=answering_process(state.port) == state.pid)


def up(root: Path, port: int = 0, persist: Path | None = None) -> tuple[DaemonState, bool]:
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
    files = DaemonFiles(root)
    files.directory.mkdir(parents=True, exist_ok=True)
    kept = [] if persist is None else [str(persist.resolve())]
    with files.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - this interpreter and this module
            [sys.executable, "-m", "stepweave.local_cloud.daemon", str(root.resolve()), str(port), *kept],
            cwd=_PROJECT,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    answer = _first_line(process)
    process.wait()  # it has handed over to a process of its own, which nobody needs to wait for
    if answer is None:
        raise LocalCloudError(f"the local cloud ended before it answered; see {files.log}")
    if "error" not in answer:
        return DaemonState.model_validate(answer), True
    if answer["kind"] == AlreadyRunningError.__name__:
        return _await_other(root), False
    raise LocalCloudError(answer["error"])


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
    files = DaemonFiles(root)
    deadline = time.monotonic() + _STOP_SECONDS
    while files.is_locked():
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"process {state.pid} did not end within {_STOP_SECONDS:.0f} s: see {files.log}, or end it by force"
            )
        time.sleep(_POLL_SECONDS)
    files.state.unlink(missing_ok=True)
    return True


def serve(
    root: Path, port: int = 0, on_ready: Callable[[DaemonState], None] = lambda _: None, persist: Path | None = None
) -> None:
    """Run the local cloud of a project in this process until SIGINT or SIGTERM. Call it from the main thread.

    Parameters
    ----------
    root
        The project's directory.
    port
        The port on 127.0.0.1; 0 takes a free one.
    on_ready
        Called when it answers, with what was kept in it.
    persist
        The folder that keeps its state across restarts.

    Raises
    ------
    AlreadyRunningError
        If the project's local cloud runs already.
    PortInUseError
        If another program listens on the port.
    SnapshotError
        If the folder holds no state that can be used.
    """
    from stepweave.local_cloud.cloud import LocalCloud  # noqa: PLC0415 - `status` and `down` need none of it

    files = DaemonFiles(root)
    with StopSignals() as stopping, files.locked() as is_ours:
        if not is_ours:
            raise AlreadyRunningError("the local cloud of this project is running already: `stepweave local status`")
        try:
            with LocalCloud.start(port) as cloud, _kept(cloud, persist) as has_stacks:
                state = DaemonState(
                    pid=os.getpid(),
                    port=int(cloud.endpoint_url.rpartition(":")[2]),
                    endpoint_url=cloud.endpoint_url,
                    started=datetime.now(UTC),
                    persist=None if persist is None else persist.resolve(),
                    began_with_stacks=has_stacks,
                )
                files.write_state(state)
                on_ready(state)
                preloading = threading.Thread(target=cloud.preload, args=(stopping.have_come,), daemon=True)
                preloading.start()
                stopping.wait()
                preloading.join()
        finally:
            files.state.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Run in the background: announce on standard output where it answers or what went wrong, then close it."""
    if os.fork() > 0:
        return 0
    root, port = Path(arguments[0]), int(arguments[1])
    persist = Path(arguments[2]) if len(arguments) > 2 else None

    def announce(message: str) -> None:
        sys.stdout.write(message + "\n")
        sys.stdout.flush()
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())

    for attempt in range(_LOCK_ATTEMPTS):
        try:
            serve(root, port, lambda state: announce(state.model_dump_json()), persist)
        except AlreadyRunningError as error:
            if attempt < _LOCK_ATTEMPTS - 1 and DaemonFiles(root).read_state() is None:
                time.sleep(_POLL_SECONDS)
                continue
            announce(json.dumps({"error": str(error), "kind": type(error).__name__}))
            return 1
        except LocalCloudError as error:
            announce(json.dumps({"error": str(error), "kind": type(error).__name__}))
            return 1
        return 0
    return 1


def _kept(cloud: LocalCloud, persist: Path | None) -> AbstractContextManager[bool]:
    if persist is None:
        return nullcontext(False)
    from stepweave.local_cloud.persistence.kept_state import kept_state  # noqa: PLC0415 - as above

    return kept_state(cloud.session(), persist)


def _first_line(process: subprocess.Popen[bytes]) -> dict[str, str] | None:
    """Return what the process announces, or None if it ends without a word."""
    if process.stdout is None:
        raise AssertionError("the process was started with a pipe")
    with process.stdout:
        line = process.stdout.readline()
    return json.loads(line) if line else None


def _await_other(root: Path) -> DaemonState:
    """Return the state of the local cloud that another process is about to start."""
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        state = status(root).state
        if state is not None:
            return state
        time.sleep(_POLL_SECONDS)
    raise LocalCloudError(f"another process starts the local cloud of {root}, but it does not answer")


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave out all that concerns the user's AWS accounts, and keep memory small.

    By default glibc gives each thread an arena of its own, in which what a deployment or a burst of executions took
    stays, and moto keeps objects of up to 16 MB in memory: the bundles of all functions.
    """
    kept = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
    small = {
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_TRIM_THRESHOLD_": str(128 * 1024),
        "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(1024 * 1024),
    }
    return {**small, **kept}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
