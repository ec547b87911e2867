"""Starts workers of a function by forking a template that has loaded what all of them load (Linux)."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

SCRIPT = Path(__file__).with_name("worker_template.py")
CAN_FORK = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")
MESSAGE_BYTES = 64
READY = b"ready"


class ForkedProcess:
    """A worker that was forked. It is the template's child, and looked at through a descriptor of its own."""

    def __init__(self, pid: int, template: "WorkerTemplate") -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._template = template
        self._lock = threading.Lock()
        self._descriptor = os.pidfd_open(pid)

    def is_alive(self) -> bool:
        """Whether it runs."""
        with self._lock:
            return self.returncode is None and not self._has_ended(0)

    def kill(self) -> None:
        """Kill it with all that it started."""
        with self._lock:
            if self.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):  # It may not lead its group yet.
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end, and have the template reap it."""
        if self.returncode is None:
            self._has_ended(None)
        with self._lock:
            if self.returncode is None:
                self.returncode = self._template.reap(self.pid)
                os.close(self._descriptor)
            return self.returncode

    def _has_ended(self, timeout_ms: int | None) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(timeout_ms))


class WorkerTemplate:
    """The template process of one function. To be made in a thread that lives as long as the workers.

    Parameters
    ----------
    python : Path
        The interpreter.
    handler : str
        What the workers run.
    path : sequence of str
        The directories before the standard library.
    modules : sequence of str
        What to load before anything is forked.
    environment : mapping
        The environment that the modules see.

    Attributes
    ----------
    is_fit : bool
        Whether it may be forked: not if what it loaded has started a thread, which a fork would not have.
    live : int
        How many of its workers have not been reaped.
    """

    def __init__(
        self, python: Path, handler: str, path: Sequence[str], modules: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.live = 0
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own script
                [python, "-I", "-S", "-X", "utf8", SCRIPT, str(os.getpid()), handler, json.dumps(modules), *path],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=path[0],
                env=environment,
                start_new_session=True,
            )
        self.pid = self._process.pid
        try:
            self.is_fit = self._receive() == READY
        except OSError:
            self.is_fit = False

    def fork(self, environment: Mapping[str, str], output: int) -> ForkedProcess:
        """Start a worker with its environment, which prints to `output`. Raises `OSError` if that cannot be done."""
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "wb") as order:
            try:
                with self._lock:
                    socket.send_fds(self._control, [b"fork"], [output, read_end])
                    answer = self._receive()
                    if not answer.isdigit():
                        raise OSError("a worker could not be forked")
                    self.live += 1
            finally:
                os.close(read_end)
            process = ForkedProcess(int(answer), self)
            with contextlib.suppress(BrokenPipeError):  # It was killed meanwhile; who waits for it will see.
                order.write(json.dumps(dict(environment)).encode())
                order.flush()
        return process

    def reap(self, pid: int) -> int:
        """Forget a worker that has ended; its return code."""
        with self._lock:
            self.live -= 1
            try:
                self._control.send(f"reap {pid}".encode())
                return int(self._receive())
            except OSError:  # Whoever kills the template kills its workers.
                return -signal.SIGKILL

    def close(self) -> None:
        """End the template, and its workers with it."""
        with self._lock:
            self._control.close()
        self._process.kill()
        self._process.wait()

    def _receive(self) -> bytes:
        answer = self._control.recv(MESSAGE_BYTES)
        if not answer:
            raise ConnectionError("the template of the workers has ended")
        return answer
