import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue

import pytest

from stepweave.local_cloud.lambda_runtime.caller import Caller, CallerLeftError, Steps, complete

PATIENT = 10.0


class Call:
    """A call that waits for one message after another, and tells which threads it ran in."""

    def __init__(self, messages: int) -> None:
        self.messages = messages
        self.mailbox: SimpleQueue[str | None] = SimpleQueue()
        self.threads: set[int] = set()
        self.waits: list[float | None] = []
        self.has_ended = threading.Event()

    def steps(self) -> Steps[list[str]]:
        received: list[str] = []
        try:
            while len(received) < self.messages:
                until = yield partial(self.mailbox.put, None)
                self.threads.add(threading.get_ident())
                self.waits.append(until)
                try:
                    message = self.mailbox.get(timeout=PATIENT if until is None else max(until - time.monotonic(), 0))
                except Empty:
                    continue
                if message == "error":
                    raise RuntimeError(message)
                if message is not None:
                    received.append(message)
            return received
        finally:
            self.has_ended.set()


def in_new_thread(rest: Callable[[], object]) -> None:
    threading.Thread(target=rest, daemon=True).start()


def refuse(_: Callable[[], object]) -> None:
    raise AssertionError("nobody has left")


def test_who_stays_makes_the_whole_call() -> None:
    call = Call(3)
    for message in "abc":
        call.mailbox.put(message)
    assert Caller(PATIENT).make(call.steps(), refuse) == ["a", "b", "c"]
    assert call.threads == {threading.get_ident()}


def test_the_error_of_a_call_is_the_callers() -> None:
    call = Call(1)
    call.mailbox.put("error")
    with pytest.raises(RuntimeError, match="error"):
        Caller(PATIENT).make(call.steps(), refuse)


def test_who_has_no_time_left_leaves_and_the_call_goes_on() -> None:
    call, began = Call(1), time.monotonic()
    with pytest.raises(CallerLeftError):
        Caller(0.05).make(call.steps(), in_new_thread)
    assert time.monotonic() - began >= 0.05
    assert not call.has_ended.is_set()
    call.mailbox.put("late")
    assert call.has_ended.wait(PATIENT)
    assert len(call.threads) == 2
    assert call.waits[-1] is None


def test_what_goes_wrong_once_the_caller_has_left_is_nobodys() -> None:
    call = Call(1)
    rest: list[Callable[[], object]] = []
    with pytest.raises(CallerLeftError):
        Caller(0).make(call.steps(), rest.append)
    call.mailbox.put("error")
    rest[0]()
    assert call.has_ended.is_set()


def test_who_has_left_before_makes_no_wait() -> None:
    call, caller = Call(1), Caller(PATIENT)
    caller.leave()
    with pytest.raises(CallerLeftError):
        caller.make(call.steps(), in_new_thread)
    call.mailbox.put("late")
    assert call.has_ended.wait(PATIENT)
    assert threading.get_ident() not in call.threads


def test_a_leave_at_any_moment_ends_the_wait_and_loses_nothing() -> None:
    """Calls that are answered and left at the same time: each is either answered, or goes on to its end elsewhere."""
    with ThreadPoolExecutor(2) as executor:
        for _ in range(1000):
            call, caller = Call(1), Caller(PATIENT)
            made: Future[list[str]] = executor.submit(caller.make, call.steps(), in_new_thread)
            executor.submit(caller.leave)
            call.mailbox.put("message")
            error = made.exception(PATIENT / 2)
            assert error is None or isinstance(error, CallerLeftError)
            assert call.has_ended.wait(PATIENT / 2)


def test_who_cannot_leave_is_sent_no_time() -> None:
    call = Call(2)
    call.mailbox.put("a")
    call.mailbox.put("b")
    assert complete(call.steps()) == ["a", "b"]
    assert call.waits == [None, None]
