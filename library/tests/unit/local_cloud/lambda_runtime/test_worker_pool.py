import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from stepweave.local_cloud.lambda_runtime.caller import complete
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.worker import InitFailedError, Worker
from stepweave.local_cloud.lambda_runtime.worker_factory import WorkerFactory
from stepweave.local_cloud.lambda_runtime.worker_pool import HostClosedError, WorkerPool

MAX_WORKERS = 3


def spec(name: str) -> FunctionSpec:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return FunctionSpec(name=name, arn=arn, handler="app.handler", code_directory=Path("/code"))


def acquire(pool: WorkerPool, spec: FunctionSpec) -> Worker:
    return complete(pool.acquire(spec))


class FakeWorker(Worker):
    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.is_usable = True
        self.idle_since = time.monotonic()


class FakeFactory(WorkerFactory):
    """Starts what only looks like a worker; functions whose name begins with ``bad`` fail to load."""

    def __init__(self) -> None:
        self.live: set[Worker] = set()
        self.most_live = 0
        self.started = 0
        self._count = threading.Lock()

    def start(self, spec: FunctionSpec) -> Worker:
        if spec.name.startswith("bad"):
            raise InitFailedError(b"", 1, [])
        worker = FakeWorker(spec)
        with self._count:
            self.live.add(worker)
            self.started += 1
            self.most_live = max(self.most_live, len(self.live))
        return worker

    def stop(self, worker: Worker) -> None:
        with self._count:
            self.live.discard(worker)

    def kill_all(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def factory() -> FakeFactory:
    return FakeFactory()


@pytest.fixture
def pool(factory: FakeFactory) -> Iterator[WorkerPool]:
    pool = WorkerPool(factory, MAX_WORKERS)
    yield pool
    pool.close()


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as executor:
        yield executor


def test_a_free_worker_is_reused_the_last_one_first(pool: WorkerPool) -> None:
    first, second = acquire(pool, spec("f")), acquire(pool, spec("f"))
    assert first is not second
    pool.release(first)
    pool.release(second)
    assert acquire(pool, spec("f")) is second
    assert acquire(pool, spec("f")) is first


def test_functions_do_not_share_workers(pool: WorkerPool) -> None:
    pool.release(acquire(pool, spec("f")))
    assert acquire(pool, spec("g")).spec.name == "g"


def test_a_changed_function_gets_new_workers(pool: WorkerPool, factory: FakeFactory) -> None:
    changed = replace(spec("f"), environment={"A": "1"})
    idle, busy = acquire(pool, spec("f")), acquire(pool, spec("f"))
    pool.release(idle)
    assert acquire(pool, changed).spec == changed
    pool.release(busy)
    assert busy not in factory.live


def test_another_concurrency_limit_is_no_reason_for_new_workers(pool: WorkerPool) -> None:
    worker = acquire(pool, spec("f"))
    pool.release(worker)
    assert acquire(pool, replace(spec("f"), reserved_concurrency=5)) is worker


def test_an_unusable_worker_is_ended(pool: WorkerPool, factory: FakeFactory) -> None:
    worker = acquire(pool, spec("f"))
    worker.is_usable = False
    pool.release(worker)
    assert factory.live == set()
    assert pool.live_workers == 0


def test_a_waiting_caller_takes_the_worker_that_comes_free(pool: WorkerPool, executor: ThreadPoolExecutor) -> None:
    busy = [acquire(pool, spec("f")) for _ in range(MAX_WORKERS)]
    waiting = executor.submit(acquire, pool, spec("f"))
    pool.release(busy[0])
    assert waiting.result(5) is busy[0]


def test_an_idle_worker_makes_way_for_another_function(pool: WorkerPool, factory: FakeFactory) -> None:
    for worker in [acquire(pool, spec("f")) for _ in range(MAX_WORKERS)]:
        pool.release(worker)
    assert acquire(pool, spec("g")).spec.name == "g"
    assert pool.live_workers == MAX_WORKERS


def test_every_caller_is_served_with_no_more_workers_than_allowed(
    pool: WorkerPool, factory: FakeFactory, executor: ThreadPoolExecutor
) -> None:
    def call(number: int) -> str:
        worker = acquire(pool, spec(f"f{number % 5}"))
        time.sleep(0.001)
        worker.is_usable = number % 7 != 0
        pool.release(worker)
        return worker.spec.name

    assert list(executor.map(call, range(200))) == [f"f{number % 5}" for number in range(200)]
    assert pool.live_workers <= MAX_WORKERS
    assert len(factory.live) >= pool.live_workers


def test_a_failing_start_fails_every_caller_and_nobody_waits_for_ever(
    pool: WorkerPool, executor: ThreadPoolExecutor
) -> None:
    calls: list[Future[Worker]] = [executor.submit(acquire, pool, spec("bad")) for _ in range(20)]
    for call in calls:
        with pytest.raises(InitFailedError):
            call.result(10)
    assert pool.live_workers == 0


def test_idle_workers_are_trimmed_and_busy_ones_not(pool: WorkerPool, factory: FakeFactory) -> None:
    idle, busy = acquire(pool, spec("f")), acquire(pool, spec("f"))
    pool.release(idle)
    pool.trim(1000)
    assert factory.live == {idle, busy}
    pool.trim(-1)
    assert factory.live == {busy}


def test_a_retired_function_keeps_no_workers(pool: WorkerPool, factory: FakeFactory) -> None:
    idle, busy, other = acquire(pool, spec("f")), acquire(pool, spec("f")), acquire(pool, spec("g"))
    pool.release(idle)
    pool.retire(spec("f").arn)
    pool.release(busy)
    assert factory.live == {other}


def test_who_waits_is_told_of_the_end(pool: WorkerPool, executor: ThreadPoolExecutor) -> None:
    for _ in range(MAX_WORKERS):
        acquire(pool, spec("f"))
    waiting = executor.submit(acquire, pool, spec("f"))
    while not pool._groups[spec("f").arn].waiters:
        time.sleep(0.001)
    pool.close()
    with pytest.raises(HostClosedError):
        waiting.result(5)
    with pytest.raises(HostClosedError):
        acquire(pool, spec("f"))
