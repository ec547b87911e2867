"""One warm worker process: an execution environment of one function."""

import contextlib
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

from stepweave.local_cloud.faults.function_fault import CrashPoint
from stepweave.local_cloud.lambda_runtime import function_errors, platform_log
from stepweave.local_cloud.lambda_runtime.caller import Steps, complete
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import RESPONSE_BYTES
from stepweave.local_cloud.lambda_runtime.log_batch import LogEvent, now_event
from stepweave.local_cloud.lambda_runtime.process_memory import ProcessMemory
from stepweave.local_cloud.lambda_runtime.runtime_api import (
    Disconnected,
    ErrorPosted,
    InitErrorPosted,
    NextAsked,
    ResponsePosted,
    RuntimeApi,
    RuntimeEvent,
    RuntimeMessage,
)
from stepweave.local_cloud.lambda_runtime.worker_environment import Sandbox
from stepweave.local_cloud.lambda_runtime.worker_output import WorkerOutput
from stepweave.local_cloud.lambda_runtime.worker_process import WorkerProcess

LOOK_SECONDS = 0.25  # How often a worker's life and memory are looked at while it is waited for.
EXIT_SECONDS = 0.05  # How long after closing its connection a worker that dies is expected to be dead.
QUIET_SECONDS = 0.02  # How long what a worker prints is left in its pipe: most answer before, and it is read once.
RETURN_SECONDS = 10.0  # How long a worker may take from its answer to its call for the next event.


class WorkerGoneError(Exception):
    """The worker ended while it was idle: it did not read the event, another worker may take it."""


class InitFailedError(Exception):
    """The worker did not become ready.

    Attributes
    ----------
    payload : bytes
        The error object, or empty if the worker ended without one.
    return_code : int or None
        How the process ended.
    log : list of LogEvent
        What it printed.
    """

    def __init__(self, payload: bytes, return_code: int | None, log: list[LogEvent]) -> None:
        super().__init__(function_errors.error_type(payload) or function_errors.exit_reason(return_code))
        self.payload = payload
        self.return_code = return_code
        self.log = log


@dataclass(frozen=True)
class Outcome:
    """How one call ended: `payload` is the result, or the error object where `failed`; `init_ms` if it was cold."""

    payload: bytes
    failed: bool
    duration_ms: float
    log: list[LogEvent]
    init_ms: float | None = None


@dataclass(frozen=True)
class _Ending:
    payload: bytes
    status: str
    error_type: str = ""


class Worker:
    """A worker process and this end of its Runtime API; owned by one thread at a time."""

    def __init__(
        self,
        spec: FunctionSpec,
        process: WorkerProcess,
        api: RuntimeApi,
        output: WorkerOutput,
        sandbox: Sandbox,
    ) -> None:
        self.spec = spec
        self.pid = process.pid
        self.log_stream = sandbox.log_stream
        self.is_usable = True
        self.idle_since = time.monotonic()
        self._sandbox = sandbox
        self.process = process
        self._api = api
        self._output = output
        self._is_waiting = False
        self._init_ms: float | None = None
        self._early_log: list[LogEvent] = []
        self._next_look = 0.0
        self._over_memory = False
        self._memory = ProcessMemory(process.pid)
        self._peak_mb = 0
        api.watch(output.fd, self._read_output)

    def await_ready(self, timeout_seconds: float) -> None:
        """Wait for the end of the init phase. Raises `InitFailedError`."""
        began = time.monotonic()
        self._early_log = [now_event(platform_log.init_start(self.spec))]
        match complete(self._await(began + timeout_seconds)):
            case NextAsked():
                self._is_waiting = True
                self._init_ms = (time.monotonic() - began) * 1000
                return
            case InitErrorPosted(body):
                payload = function_errors.in_task_root(body, self.spec.code_directory)
            case None if self.process.is_alive() and not self._over_memory:
                message = f"Error: Init phase timed out after {timeout_seconds:.2f} seconds"
                payload = function_errors.error_payload(function_errors.TIMED_OUT, message)
            case _:
                payload = b""
        # A runtime that posted its error exits by itself; what it still prints belongs to the log.
        self._await_exit(RETURN_SECONDS if payload else 0.0)
        self._output.read_all()
        log = self._early_log + self._output.take()
        self.stop()
        raise InitFailedError(payload, self.process.returncode, log)

    def invoke(self, event: RuntimeEvent, crash: CrashPoint | None = None) -> Steps[Outcome]:
        """Deliver an event and wait for the answer. Raises `WorkerGoneError` if the worker did not get it.

        With `crash` the worker is killed at that point, and nobody learns of what it answered.
        """
        try:
            if not self.process.is_alive():
                raise ConnectionError("the worker ended while it was idle")
            if not self._is_waiting:
                yield from self._await_return()
            self._api.deliver(event)
        except OSError as error:
            self.stop()
            raise WorkerGoneError from error
        self._is_waiting = False
        began = time.monotonic()
        log = [*self._early_log, *self._output.take(), now_event(platform_log.start(self.spec, event.request_id))]
        if crash is CrashPoint.STARTED:
            self.kill()
        message = yield from self._await_answer(event.request_id, began + self.spec.timeout_seconds)
        if message is None and crash is None and self._api.has_lost_event:
            self.stop()
            raise WorkerGoneError
        if crash is not None:
            self.kill()
            self._await_exit(RETURN_SECONDS)
            message = None
        duration_ms = (time.monotonic() - began) * 1000
        self._peak_mb = max(self._peak_mb, self._memory.peak_mb())
        ending = self._ending(event, message)
        self._output.read_all()
        log += self._output.take()
        log += self._closing_lines(event, ending, duration_ms)
        init_ms = self._init_ms
        self._early_log, self._init_ms = [], None
        self.idle_since = time.monotonic()
        return Outcome(ending.payload, ending.status != "success", duration_ms, log, init_ms)

    def kill(self) -> None:
        """Kill the worker from another thread than the one that owns it: the owner sees it die."""
        self.process.kill()

    def stop(self) -> None:
        """Kill the worker with all that it started, and remove its files. May be called again."""
        if self.is_usable or self._output.is_open:
            self.is_usable = False
            self._kill()
            self._api.close()
            self._memory.close()
            with contextlib.suppress(OSError):
                self._output.close()
            shutil.rmtree(self._sandbox.temporary_directory, ignore_errors=True)

    def _await_return(self) -> Steps[None]:
        deadline = time.monotonic() + RETURN_SECONDS
        while not isinstance(message := (yield from self._await(deadline)), NextAsked):
            if message is None:
                raise ConnectionError("the worker did not come back for the next event")

    def _await_answer(self, request_id: str, deadline: float) -> Steps[ResponsePosted | ErrorPosted | None]:
        message = yield from self._await_quietly(min(deadline, time.monotonic() + QUIET_SECONDS))
        while message is None or not _answers(message, request_id):
            if message is None and self._has_ended():
                return None
            message = yield from self._await(deadline)
            if message is None:
                return None
        return message

    def _await_quietly(self, deadline: float) -> Steps[RuntimeMessage | None]:
        """The next message; what is printed before it does not wake the thread that waits."""
        if not self._output.is_open:
            return (yield from self._await(deadline))
        self._api.unwatch(self._output.fd)
        try:
            return (yield from self._await(deadline))
        finally:
            self._api.watch(self._output.fd, self._read_output)

    def _await(self, deadline: float) -> Steps[RuntimeMessage | None]:
        """The next message; None if the deadline passed, the worker ended or it was killed for its memory."""
        while (now := time.monotonic()) < deadline:
            look = min(deadline, now + LOOK_SECONDS)
            until = yield self._api.wake
            message = self._api.receive((look if until is None else min(look, until)) - now)
            if isinstance(message, Disconnected):
                # The client closes a connection of its own accord only to open another one.
                self._await_exit(EXIT_SECONDS)
            elif message is not None:
                return message
            if self._has_ended():
                return self._api.receive(0)
        return None

    def _has_ended(self) -> bool:
        return not self.process.is_alive() or self._is_over_memory()

    def _await_exit(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while self.process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)

    def _is_over_memory(self) -> bool:
        now = time.monotonic()
        if self._sandbox.memory_limit_mb is not None and now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._over_memory = self._memory.resident_mb() > self._sandbox.memory_limit_mb
        return self._over_memory

    def _ending(self, event: RuntimeEvent, message: ResponsePosted | ErrorPosted | None) -> _Ending:
        if isinstance(message, ResponsePosted):
            if message.size > RESPONSE_BYTES:
                return _Ending(function_errors.response_too_large(), "error", function_errors.RESPONSE_TOO_LARGE)
            return _Ending(message.body, "success")
        if isinstance(message, ErrorPosted):
            payload = function_errors.in_task_root(message.body, self.spec.code_directory)
            return _Ending(payload, "error", function_errors.error_type(payload))
        self.is_usable = False
        ended_itself = not self.process.is_alive()
        self._kill()
        if ended_itself:
            payload = function_errors.exit_error(event.request_id, self.process.returncode)
            return _Ending(payload, "error", function_errors.EXIT_ERROR)
        if self._over_memory:
            payload = function_errors.out_of_memory(event.request_id)
            return _Ending(payload, "error", function_errors.OUT_OF_MEMORY)
        payload = function_errors.timed_out(event.request_id, self.spec.timeout_seconds)
        return _Ending(payload, "timeout", function_errors.TIMED_OUT)

    def _closing_lines(self, event: RuntimeEvent, ending: _Ending, duration_ms: float) -> Iterable[LogEvent]:
        report = platform_log.Report(
            event.request_id,
            event.trace_header,
            duration_ms,
            self._init_ms,
            self._peak_mb,
            ending.status,
            ending.error_type if ending.status == "error" else "",
        )
        lines = platform_log.end(self.spec, report)
        if ending.status == "timeout":
            lines.insert(0, platform_log.timed_out(event.request_id, self.spec.timeout_seconds))
        elif not self.is_usable:
            reason = function_errors.exit_reason(self.process.returncode)
            lines.insert(0, platform_log.exited(event.request_id, reason))
        return [now_event(line) for line in lines]

    def _read_output(self) -> None:
        self._output.read()
        if not self._output.is_open:
            self._api.unwatch(self._output.fd)

    def _kill(self) -> None:
        self.kill()
        self.process.wait()


def _answers(message: RuntimeMessage, request_id: str) -> TypeGuard[ResponsePosted | ErrorPosted]:
    return isinstance(message, ResponsePosted | ErrorPosted) and message.request_id == request_id
