import threading

import pytest

from stepweave.local_cloud.thread_group import ThreadGroup


def test_who_joins_waits_for_all_also_for_those_that_others_start() -> None:
    group, may_end, done = ThreadGroup("test"), threading.Event(), list[str]()

    def first() -> None:
        may_end.wait(10)
        group.start(lambda: done.append("second"))
        done.append("first")

    before = set(threading.enumerate())
    group.start(first)
    may_end.set()
    assert group.join()
    assert sorted(done) == ["first", "second"]
    assert set(threading.enumerate()) == before


def test_many_threads_are_forgotten_when_they_have_ended() -> None:
    group = ThreadGroup("test")
    for _ in range(1000):
        group.start(lambda: None)
    assert group.join()
    group.start(lambda: None)
    assert len(group._threads) < 1000


def test_a_thread_may_join_its_own_group() -> None:
    group, results = ThreadGroup("test"), list[bool]()
    group.start(lambda: results.append(group.join()))
    assert group.join()
    assert results == [True]


def test_a_thread_that_does_not_end_is_named_with_the_place_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    group, may_end = ThreadGroup("the slow one"), threading.Event()

    def hangs() -> None:
        may_end.wait(10)

    group.start(hangs)
    assert not group.join(0.01)
    assert "the slow one" in caplog.text
    assert "may_end.wait(10)" in caplog.text
    may_end.set()
    assert group.join()
