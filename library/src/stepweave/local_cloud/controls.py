"""What a test controls of a local cloud: its time, and its faults."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from stepweave.local_cloud.clock import shifted_time
from stepweave.local_cloud.clock.shared_offset import SharedOffset
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.faults.plan import FaultPlan
from stepweave.local_cloud.faults.service_front import ServiceFront
from stepweave.local_cloud.faults.tasks import Tasks
from stepweave.local_cloud.lambda_runtime.worker_environment import WorkerHook
from stepweave.local_cloud.server import WsgiApplication

if TYPE_CHECKING:
    from stepweave.local_cloud.lambda_runtime.host import Intercept


class Controls:
    """Handed to :meth:`stepweave.local_cloud.cloud.LocalCloud.start` by who wants to control time and faults.

    Parameters
    ----------
    tasks : Tasks | None
        Of the functions that work on tasks; None if none does.

    Attributes
    ----------
    clock : VirtualClock
        The time of the engine, of all services that wait, and of functions.
    faults : FaultPlan
        What goes wrong.
    requests : int
        How many requests the services have had.
    """

    def __init__(self, tasks: Tasks | None = None) -> None:
        self._resources = ExitStack()
        self._tasks = tasks
        self.requests = 0
        folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="stepweave-clock-")))
        offset = self._resources.enter_context(SharedOffset(folder / "offset"))
        self.clock: Final = VirtualClock(offset.write)
        self.faults: Final = FaultPlan()
        self.worker_hooks: Final = (
            WorkerHook(Path(shifted_time.__file__), str(offset.path)),
            *(() if tasks is None else (tasks.worker_hook(),)),
        )

    def front(self, application: WsgiApplication) -> WsgiApplication:
        """Return what answers in place of the services."""
        faulty = ServiceFront(application, self.faults, self.clock.sleep)

        def counted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            with self.clock.running():
                self.requests += 1
                # To its end, while it counts.
                return list(faulty(environ, start_response))

        return counted

    def interceptor(self) -> Intercept:
        """Return what stands between calls of functions and their workers."""
        from stepweave.local_cloud.faults.interception import FunctionInterceptor  # noqa: PLC0415 - needs pydantic

        return FunctionInterceptor(self.faults, self.clock, self._tasks)

    @contextmanager
    def functions(self) -> Iterator[None]:
        """Control what calls functions. To be entered before a function host is made."""
        from stepweave.local_cloud.clock.controlled_modules import functions_on  # noqa: PLC0415 - needs moto

        with functions_on(self.clock):
            yield

    @contextmanager
    def queues(self) -> Iterator[None]:
        """Control SQS."""
        from stepweave.local_cloud.clock.controlled_modules import queues_on  # noqa: PLC0415 - needs moto

        with queues_on(self.clock):
            yield

    @contextmanager
    def events(self) -> Iterator[None]:
        """Control EventBridge, when all of it is imported."""
        from stepweave.local_cloud.clock.controlled_modules import events_on  # noqa: PLC0415 - needs moto

        with events_on(self.clock):
            yield

    @contextmanager
    def engine(self) -> Iterator[None]:
        """Control the engine, when all of it is imported."""
        from stepweave.local_cloud.clock.controlled_modules import engine_on  # noqa: PLC0415 - needs moto

        with engine_on(self.clock):
            yield

    def interrupt(self) -> None:
        """Have no call of a service or a function wait any longer for what a test wants."""
        self.clock.end_naps()

    def close(self) -> None:
        """Control no more."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
