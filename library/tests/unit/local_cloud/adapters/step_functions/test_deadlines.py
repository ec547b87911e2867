"""Things that are done at a time to come."""

import datetime
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions import attempt_programs, engine_time
from stepweave.local_cloud.adapters.step_functions.deadlines import Deadlines
from stepweave.local_cloud.clock.controlled_modules import engine_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock


class SkippingClock:
    """Time passes only, and at once, where it is waited for."""

    def __init__(self) -> None:
        self.time = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        self.may_pass = threading.Event()

    def now(self) -> datetime.datetime:
        return self.time

    def wait(self, event: threading.Event, seconds: float | None, *, is_awaited: bool = True) -> bool:
        assert is_awaited
        self.may_pass.wait(10)
        if not event.is_set():
            self.time += datetime.timedelta(seconds=seconds or 0)
        return event.is_set()

    def start(self, action: Callable[[], None]) -> None:
        threading.Thread(target=action, daemon=True).start()

    def end_threads(self) -> None:
        """Keep none."""

    def look_again(self, event: threading.Event) -> None:
        event.set()


@pytest.fixture
def _real_clock() -> Iterator[None]:
    real = engine_time.clock
    yield
    engine_time.clock = real


@pytest.mark.usefixtures("_real_clock")
@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=12))
def test_what_is_due_is_done_in_order_unless_it_was_cancelled(plan: list[tuple[int, bool]]) -> None:
    clock = SkippingClock()
    engine_time.clock = clock
    deadlines, done = Deadlines(), list[int]()
    ended = threading.Event()
    planned = [deadlines.after(seconds, partial(done.append, index)) for index, (seconds, _) in enumerate(plan)]
    deadlines.after(100, ended.set)
    for deadline, (_, is_cancelled) in zip(planned, plan, strict=True):
        if is_cancelled:
            deadline.cancel()
    clock.may_pass.set()
    assert ended.wait(10)
    kept = [(seconds, index) for index, (seconds, is_cancelled) in enumerate(plan) if not is_cancelled]
    assert done == [index for _, index in sorted(kept)]


def test_no_time_is_skipped_for_what_was_cancelled() -> None:
    clock, done = VirtualClock(), list[str]()
    with engine_on(clock):
        deadlines = Deadlines()
        cancelled = deadlines.after(100_000, lambda: done.append("cancelled"))
        deadlines.after(200_000, lambda: done.append("kept"))
        assert clock.await_idle(10)
        cancelled.cancel()
        assert clock.await_idle(10)
        assert clock.skip()
        assert clock.offset == pytest.approx(200_000, abs=100)
        assert clock.await_idle(10)
        deadlines.after(300_000, lambda: done.append("cancelled too")).cancel()
        assert clock.await_idle(10)
        assert not clock.skip()
    assert done == ["kept"]


def test_what_is_left_when_it_is_closed_is_not_done_and_its_thread_ends() -> None:
    deadlines = Deadlines()
    before = threading.active_count()
    deadlines.after(3600, lambda: pytest.fail("it was closed"))
    assert threading.active_count() == before + 1
    deadlines.close()
    ended = threading.Event()
    for _ in range(1000):
        if threading.active_count() == before:
            break
        ended.wait(0.01)
    assert threading.active_count() == before


def test_each_engine_has_its_own_so_that_none_is_on_the_clock_of_another() -> None:
    """A thread that runs on one clock and waits on another keeps the first from ever being idle."""
    of_engines = []
    for _ in range(2):
        with attempt_programs.attempt_programs():
            of_engines.append(attempt_programs._DEADLINES)
    assert of_engines[0] is not of_engines[1]
    assert attempt_programs._DEADLINES not in of_engines
