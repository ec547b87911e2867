"""The modules of the local cloud that keep time, put on a virtual clock.

They read the time and wait by the names `time`, `datetime` and `threading` of the standard library. While a local
cloud's time is under control these names stand for the clock, in these modules alone.
"""

from __future__ import annotations

import concurrent.futures
import datetime
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Final

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.clock.primitives import (
    ClockCondition,
    ClockEvent,
    ClockExecutor,
    ClockThread,
    EngineClock,
)
from stepweave.local_cloud.clock.shifted_time import shifted_datetime
from stepweave.local_cloud.clock.virtual_clock import VirtualClock

_LOCAL_CLOUD: Final = "stepweave.local_cloud."
_EVENTS: Final = tuple(f"{_LOCAL_CLOUD}{name}" for name in ("delayed_calls", "events.", "schedules.", "topics."))
_BACKGROUND: Final = (f"{_LOCAL_CLOUD}lambda_runtime.event_queue", f"{_LOCAL_CLOUD}event_sources.", *_EVENTS)
_ENGINE: Final = ("moto.stepfunctions.parser.", f"{_LOCAL_CLOUD}adapters.", *_BACKGROUND)
_LEFT_ALONE: Final = frozenset({"moto.stepfunctions.parser.api", engine_time.__name__})
_POLLING: Final = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback"


class _Stand(ModuleType):
    """Stands for a module of the standard library, some of whose names mean something else."""

    def __init__(self, module: ModuleType, names: dict[str, Any]) -> None:
        super().__init__(module.__name__)
        self._module = module
        vars(self).update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@contextmanager
def engine_on(clock: VirtualClock) -> Iterator[None]:
    """Put the Step Functions engine on a clock."""
    with ExitStack() as patches:
        patches.enter_context(replaced(engine_time, "clock", EngineClock(clock)))
        _replace_in(patches, _ENGINE, clock)
        yield


@contextmanager
def queues_on(clock: VirtualClock) -> Iterator[None]:
    """Put queues on a clock: delays, visibility and retention."""
    from moto.sqs import models as queues  # noqa: PLC0415 - takes a second

    with ExitStack() as patches:
        patches.enter_context(replaced(queues, "unix_time", clock.time))
        patches.enter_context(replaced(queues, "unix_time_millis", lambda: clock.time() * 1000))
        yield


@contextmanager
def events_on(clock: VirtualClock) -> Iterator[None]:
    """Put EventBridge on a clock. To be entered when all of it is imported, before any of it is made."""
    with ExitStack() as patches:
        patches.enter_context(replaced(engine_time, "clock", EngineClock(clock)))
        _replace_in(patches, _EVENTS, clock)
        yield


@contextmanager
def functions_on(clock: VirtualClock) -> Iterator[None]:
    """Put what calls Lambda functions on a clock. To be entered before a function host is made."""
    from stepweave.local_cloud.event_sources import queue_poller  # noqa: F401, PLC0415 - replaced where it is imported
    from stepweave.local_cloud.lambda_runtime import function_calls, host  # noqa: F401, PLC0415 - likewise, with others

    with ExitStack() as patches:
        _replace_in(patches, _BACKGROUND, clock)
        # The deadline that a function is told; how long it may take is still measured in real time.
        patches.enter_context(replaced(function_calls, "time", _Stand(time, {"time": clock.time})))
        yield


def _replace_in(patches: ExitStack, prefixes: tuple[str, ...], clock: VirtualClock) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(prefixes) and name not in _LEFT_ALONE:
            _replace_names(patches, module, clock, poll=name == _POLLING)


def _replace_names(patches: ExitStack, module: ModuleType, clock: VirtualClock, *, poll: bool = False) -> None:
    stands = _stands(clock, poll=poll)
    for name, value in list(vars(module).items()):
        if isinstance(value, ModuleType | type) and id(value) in stands:
            patches.enter_context(replaced(module, name, stands[id(value)]))


def _stands(clock: VirtualClock, *, poll: bool) -> dict[int, Any]:
    """Return what stands for a module or a class of the standard library, by the latter's identity."""
    classes: dict[Any, Any] = {
        threading.Thread: functools.partial(ClockThread, clock),
        threading.Event: functools.partial(ClockEvent, clock),
        threading.Condition: functools.partial(ClockCondition, clock),
        concurrent.futures.ThreadPoolExecutor: functools.partial(ClockExecutor, clock),
        datetime.datetime: shifted_datetime(clock.time),
    }
    sleep: Callable[[float], None] = clock.poll if poll else clock.sleep
    names: dict[ModuleType, dict[str, Any]] = {
        threading: {kind.__name__: stand for kind, stand in classes.items() if kind.__module__ == "threading"},
        datetime: {"datetime": classes[datetime.datetime]},
        time: {"time": clock.time, "monotonic": clock.monotonic, "sleep": sleep},
    }
    stands = {id(kind): stand for kind, stand in classes.items()}
    return stands | {id(module): _Stand(module, members) for module, members in names.items()}
