"""The clock skips what nobody works in, and nothing else; real time stands still here, so that all of it is exact."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepweave.local_cloud.clock.primitives import ClockCondition, ClockEvent, ClockExecutor, ClockThread, EngineClock
from stepweave.local_cloud.clock.virtual_clock import ENDLESS_SECONDS, VirtualClock

START = 1_000_000.0
PATIENCE = 30.0


@pytest.fixture
def clock() -> VirtualClock:
    return new_clock()


def new_clock() -> VirtualClock:
    return VirtualClock(real_time=lambda: START)


def run_to_end(clock: VirtualClock, *targets: Callable[[], None]) -> None:
    """Start threads and skip time until all have ended."""
    threads = [ClockThread(clock, target=target, daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert clock.await_idle(PATIENCE)
        if not clock.skip():
            for thread in threads:
                threading.Thread.join(thread, 1)


# A sum of floating-point numbers depends on its order, so these are whole.
@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 100_000), min_size=1, max_size=4), min_size=1, max_size=5))
def test_threads_wake_in_the_order_of_time(waits: list[list[int]]) -> None:
    clock = new_clock()
    woken: list[float] = []

    def sleeper(seconds: list[int]) -> Callable[[], None]:
        def sleep() -> None:
            expected = START
            for each in seconds:
                clock.sleep(each)
                expected += each
                assert clock.time() == expected
                woken.append(clock.time())

        return sleep

    run_to_end(clock, *map(sleeper, waits))
    assert woken == sorted(woken)
    assert len(woken) == sum(map(len, waits))
    assert clock.time() == START + max(map(sum, waits))


def test_it_does_not_skip_while_something_runs(clock: VirtualClock) -> None:
    released = threading.Event()

    def work() -> None:
        released.wait(PATIENCE)

    threads = [ClockThread(clock, target=work), ClockThread(clock, target=lambda: clock.sleep(50))]
    for thread in threads:
        thread.start()
    assert not clock.await_idle(0.05)
    assert not clock.skip()
    released.set()
    assert clock.await_idle(PATIENCE)
    assert clock.skip()
    assert clock.time() == START + 50
    for thread in threads:
        thread.join()


def test_a_thread_counts_from_the_moment_when_it_is_started(clock: VirtualClock) -> None:
    clock.begin()
    assert not clock.skip(START + 1)
    clock.withdraw()
    assert clock.skip(START + 1)


def test_who_is_woken_counts_before_it_has_noticed(clock: VirtualClock) -> None:
    event, hold = ClockEvent(clock), threading.Event()

    def waiter() -> None:
        event.wait(100)
        hold.wait(PATIENCE)

    thread = ClockThread(clock, target=waiter)
    thread.start()
    assert clock.await_idle(PATIENCE)
    event.set()
    event.clear()  # as the engine does: set and cleared in one go
    assert not clock.skip()
    hold.set()
    thread.join()
    assert clock.time() == START


def test_a_wait_tells_whether_the_event_came_or_the_time(clock: VirtualClock) -> None:
    came = ClockEvent(clock)
    told: list[float] = []

    def setter() -> None:
        clock.sleep(10)
        came.set()

    def waiter() -> None:
        told.append(ClockEvent(clock).wait(5))
        told.append(came.wait(1000))
        told.append(clock.time())

    run_to_end(clock, setter, waiter)
    assert told == [False, True, START + 10]


def test_nothing_is_skipped_where_nothing_waits_for_a_time(clock: VirtualClock) -> None:
    thread = ClockThread(clock, target=lambda: ClockEvent(clock).wait(ENDLESS_SECONDS), daemon=True)
    thread.start()
    assert clock.await_idle(PATIENCE)
    assert not clock.skip()
    assert clock.time() == START


def test_a_join_is_a_wait(clock: VirtualClock) -> None:
    ended: list[float] = []

    def parent() -> None:
        child = ClockThread(clock, target=lambda: clock.sleep(100), daemon=True)
        child.start()
        child.join(30)
        ended.append(clock.time())
        assert child.is_alive()
        child.join()
        ended.append(clock.time())
        assert not child.is_alive()

    run_to_end(clock, parent)
    assert ended == [START + 30, START + 100]


def test_a_condition_is_notified_and_times_out(clock: VirtualClock) -> None:
    condition, told = ClockCondition(clock), []

    def waiter() -> None:
        with condition:
            told.append(condition.wait(60))
            told.append(condition.wait(60))

    def notifier() -> None:
        clock.sleep(20)
        with condition:
            condition.notify()

    run_to_end(clock, waiter, notifier)
    assert told == [True, False]
    assert clock.time() == START + 80


def test_work_that_is_submitted_counts_until_it_is_done(clock: VirtualClock) -> None:
    hold = threading.Event()
    with ClockExecutor(clock, 1) as pool:
        done = [pool.submit(hold.wait, PATIENCE), pool.submit(hold.wait, PATIENCE)]
        assert not clock.await_idle(0.05)
        hold.set()
        assert all(each.result() for each in done)
    assert clock.await_idle(PATIENCE)


def test_a_poller_looks_once_more_after_whatever_happened(clock: VirtualClock) -> None:
    finished, seen = threading.Event(), []

    def poller() -> None:
        while not finished.is_set():
            clock.poll()
        seen.append(clock.time())

    def work() -> None:
        clock.sleep(10)
        finished.set()

    # Would the clock jump before the poller has looked, the third thread would end first.
    run_to_end(clock, poller, work, lambda: clock.sleep(1000))
    assert seen == [START + 10]


def test_time_passes_with_all_that_is_due_meanwhile(clock: VirtualClock) -> None:
    ticks: list[float] = []

    def ticker() -> None:
        while True:
            clock.sleep(10)
            ticks.append(clock.time() - START)

    ClockThread(clock, target=ticker, daemon=True).start()
    clock.advance(35)
    assert ticks == [10, 20, 30]
    assert clock.time() == START + 35


def test_whoever_follows_is_told_of_each_jump() -> None:
    told: list[float] = []
    clock = VirtualClock(told.append, real_time=lambda: START)
    clock.advance(60)
    clock.advance(40)
    clock.reset()
    assert told == [60, 100, 0]
    assert clock.time() == START


def test_events_that_were_there_before_the_clock_are_adopted(clock: VirtualClock) -> None:
    event, engine = threading.Event(), EngineClock(clock)

    def setter() -> None:
        clock.sleep(5)
        event.set()

    told: list[bool] = []
    run_to_end(clock, setter, lambda: told.append(engine.wait(event, 500)))
    assert told == [True]
    assert engine.now().timestamp() == START + 5


def test_without_a_driver_time_goes_at_its_usual_pace() -> None:
    clock = VirtualClock()
    thread = ClockThread(clock, target=lambda: clock.sleep(0.02))
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert clock.offset == 0


def test_what_is_not_awaited_ends_on_the_way_and_is_no_reason_to_skip(clock: VirtualClock) -> None:
    ends: list[tuple[str, float]] = []

    def wait(name: str, seconds: float, *, is_awaited: bool) -> None:
        ClockEvent(clock).wait(seconds, is_awaited=is_awaited)
        ends.append((name, clock.time() - START))

    threads = [
        ClockThread(clock, target=wait, args=(name, seconds), kwargs={"is_awaited": is_awaited})
        for name, seconds, is_awaited in (("before", 10, False), ("awaited", 20, True), ("after", 30, False))
    ]
    for thread in threads:
        thread.start()
    assert clock.await_idle(PATIENCE)
    while clock.skip():
        assert clock.await_idle(PATIENCE)
    assert ends == [("before", 10), ("awaited", 20)]
    clock.advance(60)
    assert ends[2:] == [("after", 30)]
    for thread in threads:
        thread.join()


def test_what_is_not_awaited_looks_again_when_the_clock_is_put_back(clock: VirtualClock) -> None:
    told: list[bool] = []
    thread = ClockThread(clock, target=lambda: told.append(ClockEvent(clock).wait(500, is_awaited=False)))
    thread.start()
    clock.advance(100)
    clock.reset()
    thread.join(PATIENCE)
    assert told == [False]
    assert clock.time() == START
