"""What is scheduled happens, in its order, on a clock that skips."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.clock.controlled_modules import events_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from stepweave.local_cloud.events.schedule import Rate, Schedule
from stepweave.local_cloud.events.scheduler import Scheduler

START = datetime(2026, 11, 23, tzinfo=UTC).timestamp()


@contextmanager
def scheduling() -> Iterator[tuple[Scheduler, VirtualClock]]:
    clock = VirtualClock(real_time=lambda: START)
    with events_on(clock):
        scheduler = Scheduler(engine_time.now, engine_time.wait_unawaited)
        try:
            yield scheduler, clock
        finally:
            scheduler.close()


class Log:
    """What fired, and after how many minutes."""

    def __init__(self) -> None:
        self.entries: list[tuple[float, str]] = []

    def of(self, name: str) -> Callable[[datetime], None]:
        return lambda at: self.entries.append(((at.timestamp() - START) / 60, name))


def every(minutes: float) -> Rate:
    return Rate(timedelta(minutes=minutes))


@settings(deadline=None, max_examples=30)
@given(periods=st.lists(st.integers(1, 40), min_size=1, max_size=4), minutes=st.integers(0, 100))
def test_each_fires_once_in_every_period_and_all_in_order(periods: list[int], minutes: int) -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        for number, period in enumerate(periods):
            scheduler.put(number, every(period), log.of(str(number)))
        clock.advance(minutes * 60)
    expected = [
        (float(at), str(number))
        for at in range(1, minutes + 1)
        for number, period in enumerate(periods)
        if at % period == 0
    ]
    assert [(round(at, 3), name) for at, name in log.entries] == expected


def test_no_time_is_skipped_for_the_sake_of_a_schedule() -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        scheduler.put("a", every(1), log.of("a"))
        assert clock.await_idle(10)
        assert not clock.skip()
        assert clock.time() == START
        assert log.entries == []


def test_a_schedule_happens_on_the_way_to_what_is_awaited() -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        scheduler.put("a", every(1), log.of("a"))
        sleeper = threading.Thread(target=lambda: clock.sleep(150), daemon=True)
        sleeper.start()
        while sleeper.is_alive():
            clock.await_idle(10)
            clock.skip()
        assert clock.time() == pytest.approx(START + 150)
        assert not clock.skip()
    assert [round(at) for at, _ in log.entries] == [1, 2]


def test_what_is_replaced_or_removed_fires_no_more() -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        scheduler.put("a", every(1), log.of("before"))
        scheduler.put("b", every(2), log.of("b"))
        clock.advance(60)
        scheduler.put("a", every(3), log.of("after"))
        scheduler.remove("b")
        scheduler.remove("what is not there")
        clock.advance(300)
        scheduler.remove("a")
        clock.advance(300)
    assert [(round(at), name) for at, name in log.entries] == [(1, "before"), (4, "after")]


def test_one_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: datetime) -> None:
        raise RuntimeError("it is broken")

    log = Log()
    with scheduling() as (scheduler, clock):
        scheduler.put("broken", every(1), fail)
        scheduler.put("a", every(1), log.of("a"))
        clock.advance(120)
    assert [round(at) for at, _ in log.entries] == [1, 2]
    assert "it is broken" in caplog.text


def test_when_the_clock_is_put_back_schedules_come_from_there_on() -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        scheduler.put("a", every(10), log.of("a"))
        clock.advance(86_400)
        clock.await_idle(10)
        log.entries.clear()
        clock.reset()
        clock.await_idle(10)
        clock.advance(1200)
    assert [round(at) for at, _ in log.entries] == [10, 20]


def test_of_times_that_went_by_unseen_one_is_made_up_for() -> None:
    log, offset = Log(), [0.0]
    clock = VirtualClock(real_time=lambda: START + offset[0])
    with events_on(clock):
        scheduler = Scheduler(engine_time.now, engine_time.wait_unawaited)
        scheduler.put("a", every(1), log.of("a"))
        clock.await_idle(10)
        offset[0] = 3600.0  # the machine slept
        scheduler.remove("what is not there")  # wakes it
        clock.advance(120)
        scheduler.close()
    assert [round(at) for at, _ in log.entries] == [1, 61, 62]


class Never:
    """A schedule whose times are all over."""

    def next_after(self, moment: datetime) -> datetime | None:
        return None


def test_one_that_never_comes_waits_for_nothing() -> None:
    log = Log()
    with scheduling() as (scheduler, clock):
        never: Schedule = Never()
        scheduler.put("never", never, log.of("never"))
        scheduler.put("far", Rate(timedelta(days=2000)), log.of("far"))
        clock.advance(2000 * 86_400)
        clock.await_idle(10)
        scheduler.close()
        scheduler.put("too late", every(1), log.of("too late"))
    assert [name for _, name in log.entries] == ["far"]
