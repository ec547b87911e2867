"""Start the process of a local cloud: another program, of which no more is known than its options and its answer."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from stepweave.local_client.errors import AlreadyRunningError, LocalCloudEndedError, LocalCloudError, PortInUseError
from stepweave.local_client.state import CloudState

PYTHON_VARIABLE: Final = "STEPWEAVE_LOCAL_CLOUD_PYTHON"
"""The interpreter of the local cloud, whose environment has ``stepweave[local]``; that of this process if not set."""

_MODULE: Final = "stepweave.local_cloud.process"
_NOT_ITS_BUSINESS: Final = ("AWS_", "CDK_", "MOTO_", "PYTEST_")
_NOTHING: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
# By default glibc gives each thread an arena of its own, in which what a deployment or a burst of executions took
# stays, and moto keeps objects of up to 16 MB in memory: the bundles of all functions.
_SMALL: Final = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024),
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(1024 * 1024),
}
_START_SECONDS: Final = 120.0
_TAIL_LINES: Final = 20
_ERRORS: Final[dict[str, type[LocalCloudError]]] = {
    error.__name__: error for error in (AlreadyRunningError, PortInUseError)
}


def launch(
    options: Mapping[str, Any], log: IO[bytes] | None, *, stdin: int, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start the process, which then says on its standard output when it answers; see `announced`.

    Parameters
    ----------
    options : Mapping
        What it is told, JSON; see ``local_cloud/process_options.py``.
    log : IO[bytes] | None
        What takes its standard error; None for that of this process.
    stdin : int
        ``subprocess.PIPE`` if it is to end when the pipe does, else ``subprocess.DEVNULL``.
    cwd : Path | None
        The folder that it runs in; this process's if not given.

    Raises
    ------
    LocalCloudError
        If its interpreter cannot be run.
    """
    python = os.environ.get(PYTHON_VARIABLE) or sys.executable
    try:
        return subprocess.Popen(  # noqa: S603 - this interpreter, or the one that its user names
            # -P: a file of the user's folder that is named as a module is not it.
            [python, "-P", "-m", _MODULE, json.dumps(options)],
            cwd=cwd,
            env=environment(os.environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C in a terminal is for who started it, who may have to tidy up in it first.
            start_new_session=True,
        )
    except OSError as error:
        raise LocalCloudError(f"the local cloud cannot be run by {python}: {error.strerror}") from error


def announced(process: subprocess.Popen[bytes], log: Path | None) -> CloudState:
    """Wait until a process that was launched answers.

    Raises
    ------
    PortInUseError
        If another program listens on its port.
    AlreadyRunningError
        If its lock is held by another one.
    LocalCloudEndedError
        If it ends without a word.
    LocalCloudError
        If it cannot start for another reason.
    """
    if process.stdout is None:
        raise AssertionError("the process was started with a pipe")
    with process.stdout:
        line = _first_line(process.stdout)
    if line is None:
        raise LocalCloudError(f"the local cloud did not answer within {_START_SECONDS:.0f} s{_see(log)}")
    if not line:
        process.wait()
        raise LocalCloudEndedError(f"the local cloud ended before it answered{_see(log)}")
    answer = json.loads(line)
    if "error" in answer:
        raise _ERRORS.get(answer["kind"], LocalCloudError)(answer["error"])
    return CloudState.model_validate(answer)


def end_of_log(log: Path) -> str:
    """Return the last lines of a log; nothing if it cannot be read."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the process: without what concerns the user's AWS accounts, tests and own moto."""
    kept = {name: value for name, value in variables.items() if not name.startswith(_NOT_ITS_BUSINESS)}
    return {**_SMALL, **kept, **_NOTHING}


def _first_line(stream: IO[bytes]) -> bytes | None:
    """Return the first line, which is empty if the stream ends before it; None if nothing comes for too long."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline() if selector.select(_START_SECONDS) else None


def _see(log: Path | None) -> str:
    if log is None:
        return ""
    tail = end_of_log(log)
    return f"; see {log}" + (f", which ends with\n{tail}" if tail else "")
