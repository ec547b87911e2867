"""The function host: runs Lambda functions in warm worker processes, as AWS Lambda would.

Independent of moto: give it a `FunctionSpec` and a payload. The adapter for moto is in `moto_backend`.

What differs from AWS, for want of a container: the code sees the real file system, so a path that a handler spells
``/tmp/...`` is the machine's (what respects ``TMPDIR``, as Python's `tempfile` does, gets a directory of its own);
memory is watched, every quarter of a second, rather than limited, since a limit of the address space would hit what
is reserved but never used; the ephemeral storage has no limit.

Example
-------
>>> spec = FunctionSpec(name="hello", arn=ARN, handler="app.handler", code_directory=Path("src"))  # doctest: +SKIP
>>> with FunctionHost(runtime_directory=managed_runtime()) as host:  # doctest: +SKIP
...     host.invoke(spec, b"{}").payload
b'"hello"'
"""

import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from stepweave.local_cloud.faults.function_fault import CrashPoint
from stepweave.local_cloud.identifiers import new_uuid
from stepweave.local_cloud.lambda_runtime import worker_limit
from stepweave.local_cloud.lambda_runtime.caller import Caller, Steps, complete
from stepweave.local_cloud.lambda_runtime.event_queue import (
    AWS_RETRY_DELAYS_SECONDS,
    AsyncEvent,
    DeadLetter,
    DeliverDeadLetter,
    EventQueue,
)
from stepweave.local_cloud.lambda_runtime.function_calls import FunctionCalls
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation import (
    ASYNCHRONOUS_PAYLOAD_BYTES,
    SYNCHRONOUS_PAYLOAD_BYTES,
    Call,
    InvocationResult,
    event_too_large,
    request_too_large,
)
from stepweave.local_cloud.lambda_runtime.invocation_record import DeliverRecord
from stepweave.local_cloud.lambda_runtime.log_batch import LogBatch
from stepweave.local_cloud.lambda_runtime.log_shipper import DeliverLogs, LogShipper
from stepweave.local_cloud.lambda_runtime.reaper import Reaper
from stepweave.local_cloud.lambda_runtime.worker_environment import Platform, WorkerHook
from stepweave.local_cloud.lambda_runtime.worker_factory import WorkerFactory, create_interpreter
from stepweave.local_cloud.lambda_runtime.worker_pool import WorkerPool
from stepweave.local_cloud.thread_group import ThreadGroup
from stepweave.local_cloud.xray.segment import Segment

TRIM_SECONDS = 30.0


class Execute(Protocol):
    """Makes a call for real."""

    def __call__(self, *, crash: CrashPoint | None = None, client_context: str | None = None) -> InvocationResult:
        """Make the call, with another client context, or with the worker killed at a point."""


Intercept = Callable[[FunctionSpec, bytes, Execute], InvocationResult]


Observe = Callable[[FunctionSpec, Steps[InvocationResult]], Steps[InvocationResult]]


def unobserved(_spec: FunctionSpec, steps: Steps[InvocationResult]) -> Steps[InvocationResult]:
    """Measure nothing of a call."""
    return steps


def discard_logs(batch: LogBatch) -> None:
    """Deliver logs nowhere."""


def discard_dead_letter(letter: DeadLetter) -> None:
    """Deliver dead letters nowhere."""


def discard_segment(segment: Segment) -> None:
    """Record segments nowhere."""


class FunctionHost:
    """Runs functions. Thread-safe: any number of threads may call it at once.

    Parameters
    ----------
    runtime_directory : Path
        The managed runtime's own packages (awslambdaric and boto3), on every function's path.
    endpoint_url : str or None
        The functions' ``AWS_ENDPOINT_URL``: where their AWS clients connect.
    deliver_logs : callable
        Takes a `LogBatch`; called in one thread of the host's, never in a caller's.
    deliver_dead_letter : callable
        Takes a `DeadLetter`: an asynchronous event that failed for good.
    xray_daemon_address : str or None
        ``host:port`` that takes trace segments by UDP. None: a port of the host's own that drops them.
    record_segment : callable
        Takes the segments that Lambda itself records of sampled calls.
    parent_directory : Path or None
        Where the host makes its working directory; the system's place for temporary files if None.
    max_workers : int
        How many worker processes there may be, of all functions together.
    idle_seconds : float
        Workers that have been idle for longer are ended.
    init_timeout_seconds : float
        How long a worker may take to load its handler. AWS says 10; here many may start at once on few cores.
    retry_delays_seconds : sequence of float
        The waits before the retries of an asynchronous event.
    enforce_memory : bool
        Whether a worker that uses more than its function's memory is ended.
    observe : callable
        Wraps the steps of each call, to measure it.
    intercept : callable or None
        Takes each call and what makes it for real: where tests inject faults.
    hooks : sequence of WorkerHook
        What controls the workers in tests.

    Attributes
    ----------
    work_directory : Path
        Holds all of the host's files; removed at the end.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that may be set
        self,
        *,
        runtime_directory: Path,
        endpoint_url: str | None = None,
        deliver_logs: DeliverLogs = discard_logs,
        deliver_dead_letter: DeliverDeadLetter = discard_dead_letter,
        xray_daemon_address: str | None = None,
        record_segment: Callable[[Segment], None] = discard_segment,
        parent_directory: Path | None = None,
        max_workers: int = worker_limit.DEFAULT,
        idle_seconds: float = 300.0,
        init_timeout_seconds: float = 60.0,
        retry_delays_seconds: Sequence[float] = AWS_RETRY_DELAYS_SECONDS,
        enforce_memory: bool = True,
        observe: Observe = unobserved,
        intercept: Intercept | None = None,
        hooks: Sequence[WorkerHook] = (),
    ) -> None:
        if not (runtime_directory / "awslambdaric").is_dir():
            raise FileNotFoundError(
                f"{runtime_directory} does not hold awslambdaric: use the folder that managed_runtime() returns"
            )
        self.work_directory = Path(tempfile.mkdtemp(prefix="stepweave-lambda-", dir=parent_directory)).resolve()
        python = create_interpreter(self.work_directory / "python")
        self._reaper = Reaper(python, self.work_directory)
        # Bound and never read: segments are dropped here, not sent to a daemon that happens to run on the machine.
        self._trace_sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._trace_sink.bind(("127.0.0.1", 0))
        platform = Platform(
            python=python,
            runtime_directory=runtime_directory.resolve(),
            endpoint_url=endpoint_url,
            xray_daemon_address=xray_daemon_address or "{}:{}".format(*self._trace_sink.getsockname()),
            hooks=tuple(hooks),
        )
        self._observe = observe
        self._intercept = intercept
        factory = WorkerFactory(platform, self.work_directory, self._reaper, init_timeout_seconds, enforce_memory)
        self._pool = WorkerPool(factory, max_workers)
        self._logs = LogShipper(deliver_logs)
        self._calls = FunctionCalls(self._pool, self._logs, record_segment)
        self._events = EventQueue(self._attempt, deliver_dead_letter, retry_delays_seconds)
        self._left_calls = ThreadGroup("lambda-left")
        self._idle_seconds = idle_seconds
        self._shut_down = threading.Event()
        self._trimmer = threading.Thread(target=self._trim, name="lambda-trim", daemon=True)
        self._trimmer.start()

    @property
    def live_workers(self) -> int:
        """How many worker processes there are."""
        return self._pool.live_workers

    @property
    def lets_callers_leave(self) -> bool:
        """Whether a `Caller` may be given: not where calls are intercepted."""
        return self._intercept is None

    def invoke(
        self,
        spec: FunctionSpec,
        payload: bytes,
        *,
        trace_header: str | None = None,
        client_context: str | None = None,
        caller: Caller | None = None,
    ) -> InvocationResult:
        """Call a function and wait for its result (``RequestResponse``).

        Parameters
        ----------
        spec : FunctionSpec
        payload : bytes
            The event, JSON; empty stands for ``{}``.
        trace_header : str, optional
            An X-Ray trace header, ``Root=...;Parent=...;Sampled=1``.
        client_context : str, optional
            JSON, for mobile clients.
        caller : Caller, optional
            Who calls, if they may leave before the call has ended; only where `lets_callers_leave`.

        Raises
        ------
        CallerLeftError
            If the caller left. The call goes on.
        InvocationRefused
            If a concurrency limit is reached or the payload is too large. A failing function is no exception: see
            `InvocationResult.function_error`.
        HostClosedError
            If the host is being shut down.
        """
        if len(payload) > SYNCHRONOUS_PAYLOAD_BYTES:
            raise request_too_large()
        return self._run(spec, Call(new_uuid(), payload, trace_header, client_context), caller)

    def invoke_async(self, spec: FunctionSpec, payload: bytes, *, trace_header: str | None = None) -> str:
        """Queue an event (``Event``): tried again when it fails, dead-lettered at the end; returns the request id.

        Raises `InvocationRefused` if the payload is too large.
        """
        if len(payload) > ASYNCHRONOUS_PAYLOAD_BYTES:
            raise event_too_large(len(payload))
        request_id = new_uuid()
        self._events.put(AsyncEvent(spec, payload, request_id, trace_header))
        return request_id

    def deliver_records(self, deliver: DeliverRecord) -> None:
        """Hand the records of asynchronous events, for the functions' destinations, to `deliver` from now on."""
        self._events.deliver_record = deliver

    def retire(self, function_arn: str) -> None:
        """End the function's workers, as they come free: after it was deleted."""
        self._pool.retire(function_arn)

    def retire_all(self) -> None:
        """End the workers of every function, as they come free: for who wants fresh ones."""
        self._pool.retire_all()

    def flush_logs(self) -> None:
        """Return when all that was logged before this call has been delivered."""
        self._logs.flush()

    def shutdown(self) -> None:
        """End every worker and remove every temporary file. Calls under way fail.

        Returns when the host's processes and threads have ended, but for the threads that call it.
        """
        if self._shut_down.is_set():
            return
        self._shut_down.set()
        self._events.stop()
        self._pool.close()
        self._left_calls.join()
        self._events.close()
        self._logs.close()
        self._trimmer.join()
        self._trace_sink.close()
        self._reaper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def _attempt(self, event: AsyncEvent) -> InvocationResult:
        return self._run(event.spec, Call(event.request_id, event.payload, event.trace_header))

    def _run(self, spec: FunctionSpec, call: Call, caller: Caller | None = None) -> InvocationResult:
        if self._intercept is None:
            steps = self._observe(spec, self._calls.steps(spec, call))
            return complete(steps) if caller is None else caller.make(steps, self._left_calls.start)
        if caller is not None:
            raise ValueError("a caller cannot leave a call that is intercepted: see lets_callers_leave")

        def execute(
            *, crash: CrashPoint | None = None, client_context: str | None = call.client_context
        ) -> InvocationResult:
            return complete(self._calls.steps(spec, replace(call, client_context=client_context), crash))

        def intercepted() -> Steps[InvocationResult]:
            yield from ()
            return intercept(spec, call.payload, execute)

        intercept = self._intercept
        return complete(self._observe(spec, intercepted()))

    def _trim(self) -> None:
        while not self._shut_down.wait(min(TRIM_SECONDS, self._idle_seconds)):
            self._pool.trim(self._idle_seconds)
