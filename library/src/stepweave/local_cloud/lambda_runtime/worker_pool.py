"""Hands out warm workers, and has new ones started where none is free."""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeAlias

from stepweave.local_cloud.lambda_runtime.caller import Steps
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.worker import Worker
from stepweave.local_cloud.lambda_runtime.worker_factory import WorkerFactory

MIN_PATIENCE_SECONDS = 0.02
MAX_PATIENCE_SECONDS = 1.0
USUAL_START_SECONDS = 0.25
STARTING_AT_ONCE = 2 * (os.cpu_count() or 1)

_Waiter: TypeAlias = "SimpleQueue[Worker | Exception | None]"
"""Gets a worker, or why there is none; None only wakes whoever waits."""


class HostClosedError(Exception):
    """The host was shut down."""


@dataclass(eq=False)
class _Group:
    """The workers of one state of one function version, and the callers that wait for one of them."""

    spec: FunctionSpec
    idle: list[Worker] = field(default_factory=list)
    waiters: deque[_Waiter] = field(default_factory=deque)
    asking: set[_Waiter] = field(default_factory=set)  # waiters that ask for a start
    starting: int = 0
    live: int = 0  # starting, idle and busy ones
    start_seconds: float = USUAL_START_SECONDS  # what the last start took
    is_retired: bool = False

    @property
    def patience_seconds(self) -> float:
        """How long to wait for a worker to come free: as long as a start would take, so never twice the best choice."""
        return min(max(self.start_seconds, MIN_PATIENCE_SECONDS), MAX_PATIENCE_SECONDS)

    @property
    def lacks_starts(self) -> bool:
        """Whether more callers ask for a start than there are under way."""
        return len(self.asking) > self.starting

    def pop_waiter(self) -> _Waiter:
        """Whoever has waited longest."""
        waiter = self.waiters.popleft()
        self.asking.discard(waiter)
        return waiter


class WorkerPool:
    """The workers of all functions. Thread-safe.

    A free worker is reused, the last one first. If none is free, a caller waits for one, about as long as a start
    takes, before it has another started: on a machine with few cores, starts in numbers would only slow down the
    calls that they are for. Whichever comes first serves the caller that has waited longest.

    Parameters
    ----------
    factory : WorkerFactory
    max_workers : int
        How many processes there may be. When there are as many, an idle one makes way, or else the callers wait.
    """

    def __init__(self, factory: WorkerFactory, max_workers: int) -> None:
        self._factory = factory
        self._max_workers = max_workers
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        self._busy: dict[Worker, _Group] = {}
        self._lacking: dict[_Group, None] = {}  # groups that lack starts, in the order of their turns
        self._live = 0
        self._is_closed = False
        # Its threads live until `close`, which is what the factory asks for.
        self._starters = ThreadPoolExecutor(STARTING_AT_ONCE, thread_name_prefix="lambda-start")

    @property
    def live_workers(self) -> int:
        """How many processes there are, starting ones included."""
        return self._live

    def acquire(self, spec: FunctionSpec) -> Steps[Worker]:
        """A worker that is ready. Raises `InitFailedError`, `HostClosedError`, or `OSError` if none can be started."""
        with self._lock:
            if self._is_closed:
                raise HostClosedError
            group = self._group(spec)
            if group.idle:
                worker = group.idle.pop()
                self._busy[worker] = group
                return worker
            waiter: _Waiter = SimpleQueue()
            group.waiters.append(waiter)
            if group.live == 0:
                self._ask(group, waiter)
        asks_at = time.monotonic() + group.patience_seconds
        answer: Worker | Exception | None = None
        while answer is None:
            until = yield partial(waiter.put, None)
            until = asks_at if until is None else min(asks_at, until)
            with suppress(Empty):
                answer = waiter.get(timeout=min(max(until - time.monotonic(), 0.0), threading.TIMEOUT_MAX))
            if answer is None and time.monotonic() >= asks_at:
                asks_at = math.inf
                with self._lock:
                    if waiter in group.waiters:
                        self._ask(group, waiter)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self, worker: Worker) -> None:
        """Give a worker back after a call; one that is unusable, or whose function has changed, is ended."""
        with self._lock:
            group = self._busy.pop(worker)
            is_kept = worker.is_usable and self._keep(group, worker)
            if not is_kept:
                self._forget(group)
        if not is_kept:
            self._factory.stop(worker)

    def retire(self, function_arn: str) -> None:
        """End the workers of every version of a function; busy ones when they are given back."""
        self._retire(lambda spec: spec.arn == function_arn)

    def retire_all(self) -> None:
        """End the workers of every function; busy ones when they are given back."""
        self._retire(lambda _: True)

    def _retire(self, is_meant: Callable[[FunctionSpec], bool]) -> None:
        with self._lock:
            groups = [group for group in self._groups.values() if is_meant(group.spec)]
            idle = [worker for group in groups for worker in self._dissolve(group)]
        for worker in idle:
            self._factory.stop(worker)

    def trim(self, idle_seconds: float) -> None:
        """End the workers that have been idle for longer."""
        limit = time.monotonic() - idle_seconds
        ended: list[Worker] = []
        with self._lock:
            for group in self._groups.values():
                for worker in [worker for worker in group.idle if worker.idle_since < limit]:
                    group.idle.remove(worker)
                    self._forget(group)
                    ended.append(worker)
        for worker in ended:
            self._factory.stop(worker)

    def close(self) -> None:
        """End all workers, busy ones too; whoever waits for one gets `HostClosedError`."""
        with self._lock:
            self._is_closed = True
            groups = {*self._groups.values(), *self._busy.values(), *self._lacking}
            waiters = [waiter for group in groups for waiter in group.waiters]
            idle = [worker for group in groups for worker in group.idle]
            for group in groups:
                group.waiters.clear()
                group.asking.clear()
                group.idle.clear()
        for waiter in waiters:
            waiter.put(HostClosedError())
        self._factory.kill_all()
        for worker in idle:
            self._factory.stop(worker)
        self._starters.shutdown()
        self._factory.close()

    def _group(self, spec: FunctionSpec) -> _Group:
        group = self._groups.get(spec.qualified_arn)
        if group is not None and group.spec == spec:
            return group
        if group is not None:
            for worker in self._dissolve(group):
                self._starters.submit(self._factory.stop, worker)
        group = self._groups[spec.qualified_arn] = _Group(spec)
        return group

    def _dissolve(self, group: _Group) -> list[Worker]:
        """Take a group out of use and give its idle workers. Its waiters are still served in it."""
        group.is_retired = True
        del self._groups[group.spec.qualified_arn]
        idle, group.idle = group.idle, []
        for _ in idle:
            self._forget(group)
        return idle

    def _keep(self, group: _Group, worker: Worker) -> bool:
        """Hand a ready worker to who has waited longest, or keep it idle; False if nobody needs it."""
        if self._is_closed:
            return False
        if group.waiters:
            self._busy[worker] = group
            group.pop_waiter().put(worker)
            return True
        if group.is_retired:
            return False
        group.idle.append(worker)
        self._start_lacking()
        return True

    def _forget(self, group: _Group) -> None:
        group.live -= 1
        self._live -= 1
        self._start_lacking()

    def _ask(self, group: _Group, waiter: _Waiter) -> None:
        group.asking.add(waiter)
        self._lacking[group] = None
        self._start_lacking()

    def _start_lacking(self) -> None:
        """Start what is lacking, as far as there may be more workers; the groups take turns."""
        while self._lacking and not self._is_closed:
            group = next(iter(self._lacking))
            if group.lacks_starts and self._live >= self._max_workers and not self._make_way():
                return
            del self._lacking[group]
            if group.lacks_starts:
                group.starting += 1
                group.live += 1
                self._live += 1
                self._starters.submit(self._start, group)
                self._lacking[group] = None

    def _make_way(self) -> bool:
        """End the worker that has been idle for longest; False if all are busy."""
        longest_idle = [(group.idle[0], group) for group in self._groups.values() if group.idle]
        if not longest_idle:
            return False
        worker, group = min(longest_idle, key=lambda pair: pair[0].idle_since)
        group.idle.remove(worker)
        group.live -= 1
        self._live -= 1
        self._starters.submit(self._factory.stop, worker)
        return True

    def _start(self, group: _Group) -> None:
        with self._lock:
            if group.starting > len(group.asking) or self._is_closed:  # Others have come free meanwhile.
                group.starting -= 1
                self._forget(group)
                return
        worker: Worker | None = None
        failure: Exception | None = None
        began = time.monotonic()
        try:
            worker = self._factory.start(group.spec)
            group.start_seconds = time.monotonic() - began
        except Exception as error:  # noqa: BLE001 - it is the waiting caller's
            failure = error
        waiter: _Waiter | None = None
        with self._lock:
            group.starting -= 1
            is_kept = worker is not None and self._keep(group, worker)
            if not is_kept:
                if failure is not None and group.waiters:
                    waiter = group.pop_waiter()
                self._forget(group)
            self._lacking[group] = None  # It served who had waited longest, which need not be who asked for it.
            self._start_lacking()
        if waiter is not None and failure is not None:
            waiter.put(failure)
        if worker is not None and not is_kept:
            self._factory.stop(worker)
