"""Schedule expressions."""

from datetime import UTC, datetime, timedelta

import pytest

from stepweave.local_cloud.events.schedule import Rate, ScheduleError, parse_schedule

NOW = datetime(2026, 11, 23, 7, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(1 hour)", timedelta(hours=1)),
        ("rate(36 hours)", timedelta(hours=36)),
        ("rate(1 day)", timedelta(days=1)),
        ("rate(7 days)", timedelta(days=7)),
    ],
)
def test_a_rate_is_a_period(expression: str, period: timedelta) -> None:
    schedule = parse_schedule(expression)
    assert schedule == Rate(period)
    assert schedule.next_after(NOW) == NOW + period


def test_a_rate_beyond_the_last_year_never_comes() -> None:
    assert parse_schedule("rate(99999999 days)").next_after(NOW) is None


def test_cron_is_in_utc() -> None:
    found = parse_schedule("cron(30 8 * * ? *)").next_after(NOW)
    assert found == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(-1 minute)",
        "rate(1.5 hours)",
        "rate(1 week)",
        "rate(30 seconds)",
        "rate(minute)",
        "rate(1 Minute)",
        "Rate(1 minute)",
        "rate(1 minute) ",
        "rate(\u0665 minutes)",
        "cron(* * * * *)",
        "cron(0 10 * * * *)",
        "cron 0 10 * * ? *",
        "at(2026-11-23T07:07:30)",
        "0 10 * * ? *",
        f"cron({'0,' * 200}0 10 * * ? *)",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(expression)
