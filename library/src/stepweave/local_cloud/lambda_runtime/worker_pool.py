"""Hands out warm workers, and has new ones started where none is free."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeAlias

from stepweave.local_cloud.lambda_runtime.caller import Steps
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.starters import Starters
from stepweave.local_cloud.lambda_runtime.worker import Worker
from stepweave.local_cloud.lambda_runtime.worker_factory import WorkerFactory

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
    starting: int = 0
    live: int = 0  # starting, idle and busy ones
    is_retired: bool = False

    @property
    def lacks_starts(self) -> bool:
        """Whether more callers wait than there are workers on their way."""
        return len(self.waiters) > self.starting


class WorkerPool:
    """The workers of all functions. Thread-safe.

    As on AWS, a free worker is reused, the last one first, and a call that finds none has one started: for whoever
    waits there is a worker on its way. If another one comes free before that, it serves the caller that has waited
    longest, and the new one is there for the next call. So there are as many workers as calls were under way at once.

    Two bounds are this machine's. `Starters` begin a few starts at once, and one whose turn comes when nobody waits any
    more is left out. And there are no more workers than `max_workers`.

    Parameters
    ----------
    factory : WorkerFactory
    max_workers : int
        How many processes there may be. When there are as many, an idle one makes way, or else the callers wait.
    starters : Starters, optional
        Where starts run.
    """

    def __init__(self, factory: WorkerFactory, max_workers: int, starters: Starters | None = None) -> None:
        self._factory = factory
        self._max_workers = max_workers
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        self._busy: dict[Worker, _Group] = {}
        self._lacking: dict[_Group, None] = {}  # groups that lack starts, in the order of their turns
        self._live = 0
        self._is_closed = False
        self._starters = starters or Starters(max_workers)

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
            self._start_for(group)
        answer: Worker | Exception | None = None
        while answer is None:
            until = yield partial(waiter.put, None)
            seconds = None if until is None else min(max(until - time.monotonic(), 0.0), threading.TIMEOUT_MAX)
            with suppress(Empty):
                answer = waiter.get(timeout=seconds)
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
                group.idle.clear()
        for waiter in waiters:
            waiter.put(HostClosedError())
        self._factory.kill_all()
        for worker in idle:
            self._factory.stop(worker)
        self._starters.close()
        self._factory.close()

    def _group(self, spec: FunctionSpec) -> _Group:
        group = self._groups.get(spec.qualified_arn)
        if group is not None and group.spec == spec:
            return group
        if group is not None:
            for worker in self._dissolve(group):
                self._starters.run(partial(self._factory.stop, worker))
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
            group.waiters.popleft().put(worker)
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

    def _start_for(self, group: _Group) -> None:
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
                self._starters.start(partial(self._is_needed, group), partial(self._start, group))
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
        self._starters.run(partial(self._factory.stop, worker))
        return True

    def _is_needed(self, group: _Group) -> bool:
        """Whether a start is needed whose turn has come; if it is not, it is none any more."""
        with self._lock:
            if group.starting <= len(group.waiters) and not self._is_closed:
                return True
            group.starting -= 1  # Others have come free meanwhile.
            self._forget(group)
            return False

    def _start(self, group: _Group) -> None:
        worker: Worker | None = None
        failure: Exception | None = None
        try:
            worker = self._factory.start(group.spec)
        except Exception as error:  # noqa: BLE001 - it is the waiting caller's
            failure = error
        waiter: _Waiter | None = None
        with self._lock:
            group.starting -= 1
            is_kept = worker is not None and self._keep(group, worker)
            if not is_kept:
                if failure is not None and group.waiters:
                    waiter = group.waiters.popleft()
                self._forget(group)
            self._start_for(group)  # A start that failed, or was for a former version, leaves others who wait.
        if waiter is not None and failure is not None:
            waiter.put(failure)
        if worker is not None and not is_kept:
            self._factory.stop(worker)
