"""The reaper: outlives its host by a moment, to end the workers and remove the files that it left behind.

Runs as a script, with nothing but the standard library; never imported by the rest. Its standard input brings lines
``start PID`` and ``stop PID`` of process groups. When it ends, however the host ended, every group that is left is
killed and the directory in the argument is removed.

The kernel ends a worker with its host (see `worker_bootstrap`), but not what the worker itself started, and it
removes no file.
"""

import contextlib
import os
import shutil
import signal
import sys


def reap(directory: str) -> None:
    """Follow standard input to its end, then kill and remove."""
    groups: set[int] = set()
    for line in sys.stdin:
        action, _, pid = line.strip().partition(" ")
        if action == "start":
            groups.add(int(pid))
        else:
            groups.discard(int(pid))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for _ in range(3):  # A worker that is about to die may still write.
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    reap(sys.argv[1])
