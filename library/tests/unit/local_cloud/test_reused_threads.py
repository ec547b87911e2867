"""Threads that are used again."""

import threading
import weakref

import pytest

from stepweave.local_cloud.reused_threads import ReusedThreads

SECONDS = 10.0


def run(threads: ReusedThreads) -> int:
    """Run something and return the thread that did it, which is idle then."""
    idents: list[int] = []
    done = threading.Event()

    def action() -> None:
        idents.append(threading.get_ident())
        done.set()

    threads.start(action)
    assert done.wait(SECONDS)
    while not threads._idle:
        threading.Event().wait(0.001)
    return idents[0]


def test_any_number_of_actions_run_at_once() -> None:
    threads, together = ReusedThreads("test"), threading.Barrier(51)
    for _ in range(50):
        threads.start(lambda: together.wait(SECONDS))
    together.wait(SECONDS)
    assert not together.broken


def test_a_thread_is_used_again() -> None:
    threads = ReusedThreads("test")
    assert len({run(threads) for _ in range(20)}) == 1


def test_a_thread_that_is_idle_for_long_ends_and_another_takes_over() -> None:
    threads = ReusedThreads("test", idle_seconds=0.01)
    first = run(threads)
    while first in {thread.ident for thread in threading.enumerate()}:
        threading.Event().wait(0.001)
    assert threads._idle == []
    assert run(threads)


def test_idle_threads_can_be_ended_and_others_take_over() -> None:
    threads = ReusedThreads("test", idle_seconds=1000)
    first = run(threads)
    threads.end_idle()
    while first in {thread.ident for thread in threading.enumerate()}:
        threading.Event().wait(0.001)
    assert run(threads)
    threads.end_idle()


def test_nothing_is_lost_where_threads_end_as_actions_come() -> None:
    threads, count = ReusedThreads("test", idle_seconds=0.0001), 500
    done = threading.Semaphore(0)
    for _ in range(count):
        threads.start(done.release)
        threading.Event().wait(0.0001)
    assert all(done.acquire(timeout=SECONDS) for _ in range(count))


def test_what_an_action_holds_is_let_go() -> None:
    class Held:
        pass

    threads, held, done = ReusedThreads("test"), Held(), threading.Event()
    known = weakref.ref(held)

    def action(_: Held = held) -> None:
        done.set()

    threads.start(action)
    del held, action
    assert done.wait(SECONDS)
    for _ in range(1000):
        if known() is None:
            return
        threading.Event().wait(0.01)
    raise AssertionError("an idle thread keeps what its last action held")


def test_an_action_that_raises_is_reported_and_hurts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    threads = ReusedThreads("test")

    def fail() -> None:
        raise RuntimeError

    threads.start(fail)
    assert run(threads)
    while not reported:
        threading.Event().wait(0.001)
    assert reported[0].exc_type is RuntimeError


def test_its_end_waits_for_what_runs_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    threads, may_end, done = ReusedThreads("test", idle_seconds=1000), threading.Event(), list[int]()

    def action() -> None:
        may_end.wait(SECONDS)
        done.append(1)

    run(threads)
    for _ in range(3):
        threads.start(action)
    threading.Timer(0.05, may_end.set).start()
    threads.end()
    assert done == [1, 1, 1]
    assert {thread for thread in threading.enumerate() if thread.name == "test"} <= before
    assert run(threads)
    threads.end()
