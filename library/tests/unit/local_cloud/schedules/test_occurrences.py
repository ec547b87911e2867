from datetime import UTC, datetime, timedelta

import pytest

from stepweave.local_cloud.events.schedule import ScheduleError
from stepweave.local_cloud.schedules.occurrences import TimeZoneError, occurrences

NOW = datetime(2026, 3, 20, 12, 0, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def times(expression: str, zone: str = "UTC", count: int = 3, **bounds: datetime) -> list[datetime]:
    schedule, moment = occurrences(expression, zone, NOW, **bounds), NOW
    found: list[datetime] = []
    while len(found) < count and (following := schedule.next_after(moment)) is not None:
        found.append(following)
        moment = following
    return found


def test_a_moment_comes_once_in_its_zone() -> None:
    assert times("at(2026-07-01T08:00:00)", "America/New_York") == [at("2026-07-01T12:00:00")]
    assert times("at(2026-01-01T00:00:00)") == []


def test_a_moment_of_this_minute_is_now() -> None:
    assert times("at(2026-03-20T12:00:10)") == [NOW + timedelta(seconds=1)]


def test_a_rate_begins_at_once_or_at_its_start() -> None:
    assert times("rate(5 minutes)", count=2) == [NOW + timedelta(seconds=1), NOW + timedelta(seconds=301)]
    start, end = at("2026-03-21T00:00:00"), at("2026-03-21T01:30:00")
    assert times("rate(1 hour)", start=start, end=end) == [start, start + timedelta(hours=1)]
    assert times("rate(1 day)", count=1, start=at("2026-03-01T10:00:00")) == [at("2026-03-21T10:00:00")]


def test_a_time_that_the_clocks_skip_is_left_out_and_one_that_comes_twice_is_taken_once() -> None:
    spring = times("cron(30 2 * * ? *)", "Europe/Berlin", start=at("2026-03-28T00:00:00"))
    assert spring == [at("2026-03-28T01:30:00"), at("2026-03-30T00:30:00"), at("2026-03-31T00:30:00")]
    autumn = times("cron(30 2 * * ? *)", "Europe/Berlin", start=at("2026-10-24T20:00:00"), count=2)
    assert autumn == [at("2026-10-25T00:30:00"), at("2026-10-26T01:30:00")]


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",
        "cron()",
        "rate(10 seconds)",
        "rate()",
        "rate(-10 minutes)",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2021-13-31T00:00:00)",
    ],
)
def test_what_aws_refuses_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        occurrences(expression, "UTC", NOW)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(TimeZoneError):
        occurrences("rate(1 hour)", zone, NOW)
