"""A local cloud in a process of its own: ``python -m stepweave.local_cloud.process OPTIONS``, see `ProcessOptions`.

Its first line on standard output is a JSON object, with nothing after it: where it answers, once it does, or why it
cannot. It ends in order at SIGINT or SIGTERM, and with its parent unless it is detached.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stepweave.local_cloud.errors import AlreadyRunningError, LocalCloudError
from stepweave.local_cloud.parent_process import ParentProcess
from stepweave.local_cloud.process_files import ProcessFiles
from stepweave.local_cloud.process_options import ProcessOptions
from stepweave.local_cloud.stop_signals import StopSignals

if TYPE_CHECKING:
    from stepweave.local_cloud.cloud import LocalCloud

_POLL_SECONDS: Final = 0.02
_LOCK_ATTEMPTS: Final = 10  # who looks whether the lock is free holds it for an instant

Announcement = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Run a local cloud, and announce on standard output where it answers or what went wrong."""
    options = ProcessOptions.model_validate_json(arguments[0])
    parent = None if options.detached else ParentProcess()
    if options.detached and os.fork() > 0:
        return 0
    try:
        serve(options, _announce, parent)
    except (LocalCloudError, OSError, ModuleNotFoundError) as error:
        _announce({"error": _message(error, options), "kind": _kind(error)})
        return 1
    return 0


def serve(options: ProcessOptions, announce: Callable[[Announcement], None], parent: ParentProcess | None) -> None:
    """Run a local cloud until a signal comes or its parent ends. Call it from the main thread.

    Raises
    ------
    AlreadyRunningError
        If another process has the lock.
    PortInUseError
        If another program listens on the port.
    SnapshotError
        If the folder holds no state that can be used.
    """
    with ExitStack() as resources:
        stopping = resources.enter_context(StopSignals())
        files = None if options.lock is None or options.state is None else ProcessFiles(options.lock, options.state)
        if files is not None:
            resources.enter_context(_locked(files))
        token = secrets.token_urlsafe(32)
        cloud = resources.enter_context(_started(options, token))
        has_stacks = resources.enter_context(_kept(cloud, options.persist))
        announcement = _announcement(cloud, options, token) | {"began_with_stacks": has_stacks}
        if files is not None:
            files.write_state(json.dumps(announcement, indent=2) + "\n")
        announce(announcement)
        preloading = threading.Thread(target=cloud.preload, args=(stopping.have_come,), daemon=True)
        preloading.start()
        stopping.wait(parent)
        preloading.join()


@contextmanager
def _locked(files: ProcessFiles) -> Iterator[None]:
    """Hold the lock, and leave no state behind."""
    for _ in range(_LOCK_ATTEMPTS):
        with files.locked() as is_ours:
            if is_ours:
                try:
                    yield
                finally:
                    files.state.unlink(missing_ok=True)
                return
        if files.state.exists():
            break
        time.sleep(_POLL_SECONDS)
    raise AlreadyRunningError(f"another local cloud holds {files.lock}")


@contextmanager
def _started(options: ProcessOptions, token: str) -> Iterator[LocalCloud]:
    # These take a second to import.
    from stepweave.local_cloud.cloud import LocalCloud  # noqa: PLC0415
    from stepweave.local_cloud.controls import Controls  # noqa: PLC0415

    with ExitStack() as resources:
        controls = None
        if options.controls is not None:
            controls = resources.enter_context(Controls(options.controls.tasks))
        yield resources.enter_context(LocalCloud.start(options.port, controls, control_token=token))


@contextmanager
def _kept(cloud: LocalCloud, persist: Path | None) -> Iterator[bool]:
    if persist is None:
        yield False
        return
    from stepweave.local_cloud.persistence.kept_state import kept_state  # noqa: PLC0415 - as above

    with kept_state(cloud.session(), persist) as has_stacks:
        yield has_stacks


def _announcement(cloud: LocalCloud, options: ProcessOptions, token: str) -> Announcement:
    return {
        "pid": os.getpid(),
        "port": int(cloud.endpoint_url.rpartition(":")[2]),
        "endpoint_url": cloud.endpoint_url,
        "token": token,
        "python": platform.python_version(),
        "started": datetime.now(UTC).isoformat(),
        "persist": None if options.persist is None else str(options.persist),
    }


def _announce(announcement: Announcement) -> None:
    """Say it in one line, and let standard output lead nowhere from then on."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _message(error: Exception, options: ProcessOptions) -> str:
    if isinstance(error, OSError):  # its own files: a disk that is full, a folder that cannot be written to
        where = error.filename or (options.state.parent if options.state is not None else "")
        return f"{os.fsdecode(where)}: {error.strerror or error}"
    if isinstance(error, ModuleNotFoundError):
        return f"{sys.executable} lacks {error.name}, which the local cloud needs: pip install 'stepweave[local]'"
    return str(error)


def _kind(error: Exception) -> str:
    return OSError.__name__ if isinstance(error, OSError) else type(error).__name__


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # all has been stopped; to take a million objects apart would take longer than that
