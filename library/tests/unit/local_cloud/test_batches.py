"""What is put is delivered in batches, in order, and by a thread that ends."""

import threading
import time

import pytest

from stepweave.local_cloud.batches import Batches

ENDS_WITHIN = 10.0  # seconds


def test_all_that_is_put_is_delivered_in_order() -> None:
    delivered: list[int] = []
    is_complete = threading.Event()

    def deliver(batch: list[int]) -> None:
        delivered.extend(batch)
        if len(delivered) == 1000:
            is_complete.set()

    batches = Batches(deliver, "numbers", 0.001)
    for number in range(1000):
        batches.put(number)
    assert is_complete.wait(ENDS_WITHIN)
    assert delivered == list(range(1000))


def test_what_is_put_at_once_is_one_batch() -> None:
    delivered: list[list[str]] = []
    is_delivered = threading.Event()

    def deliver(batch: list[str]) -> None:
        delivered.append(batch)
        is_delivered.set()

    batches = Batches(deliver, "letters", 0.2)
    for letter in "abc":
        batches.put(letter)
    assert is_delivered.wait(ENDS_WITHIN)
    assert delivered == [["a", "b", "c"]]


def test_what_is_put_without_a_pause_is_delivered_all_the_same() -> None:
    delivered = threading.Event()
    batches: Batches[int] = Batches(lambda _: delivered.set(), "numbers", 0.05, 0.2)
    deadline = time.monotonic() + ENDS_WITHIN
    while not delivered.is_set() and time.monotonic() < deadline:
        batches.put(1)
        time.sleep(0.005)
    assert delivered.is_set()


def test_who_flushes_waits_for_what_is_being_delivered() -> None:
    begun, may_end, is_flushed = threading.Event(), threading.Event(), threading.Event()
    delivered: list[str] = []

    def deliver(batch: list[str]) -> None:
        begun.set()
        assert may_end.wait(ENDS_WITHIN)
        delivered.extend(batch)

    batches = Batches(deliver, "letters", 0.001)

    def flush() -> None:
        batches.flush()
        is_flushed.set()

    batches.put("a")
    assert begun.wait(ENDS_WITHIN)
    batches.put("b")
    threading.Thread(target=flush, daemon=True).start()
    assert not is_flushed.wait(0.05)
    may_end.set()
    assert is_flushed.wait(ENDS_WITHIN)
    assert delivered == ["a", "b"]


def test_a_batch_that_fails_is_reported_and_the_next_is_delivered(caplog: pytest.LogCaptureFixture) -> None:
    turns = [threading.Event(), threading.Event()]

    def deliver(batch: list[int]) -> None:
        turns[batch[0]].set()
        if batch == [0]:
            raise ValueError

    batches = Batches(deliver, "the bad batch", 0.001)
    for number, turn in enumerate(turns):
        batches.put(number)
        assert turn.wait(ENDS_WITHIN)
    assert "the bad batch" in caplog.text


def test_the_thread_ends_when_there_is_nothing_to_do() -> None:
    threads: list[threading.Thread] = []
    batches: Batches[str] = Batches(lambda _: threads.append(threading.current_thread()), "short-lived", 0.001)
    for expected in (1, 2):
        batches.put("something")
        while len(threads) < expected:
            pass
        threads[-1].join(ENDS_WITHIN)
        assert not threads[-1].is_alive()


def test_nothing_is_left_when_it_has_settled() -> None:
    before = set(threading.enumerate())
    delivered: list[str] = []
    batches = Batches(delivered.extend, "letters", quiet_seconds=100.0, longest_seconds=1000.0)
    for expected in (["a"], ["a", "b"]):
        batches.put(expected[-1])
        batches.settle()
        assert delivered == expected
        assert set(threading.enumerate()) == before
