"""Cron expressions, against a search that looks at one minute after the other."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepweave.local_cloud.events.cron import Cron, CronError

Predicate = Callable[[int], bool]
DayPredicate = Callable[[datetime], bool]
Spelt = tuple[str, Predicate]
SpeltDay = tuple[str, DayPredicate]

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
ANY: Spelt = ("*", lambda _: True)
SEARCHED = timedelta(days=45)


def items(first: int, last: int, names: list[str] | None = None, *, wraps: bool = True) -> st.SearchStrategy[Spelt]:
    """One item of a field, and whether a value is of it."""

    def name(value: int) -> st.SearchStrategy[str]:
        return st.sampled_from([str(value), *([names[value - first]] if names else [])])

    def span(start: int, end: int) -> st.SearchStrategy[Spelt]:
        def is_in(value: int) -> bool:
            return start <= value <= end if start <= end else value >= start or value <= end

        return st.tuples(name(start), name(end)).map(lambda texts: (f"{texts[0]}-{texts[1]}", is_in))

    def single(value: int) -> st.SearchStrategy[Spelt]:
        return name(value).map(lambda text: (text, lambda other: other == value))

    def stepped(start: int, step: int) -> Spelt:
        return f"{start}/{step}", lambda value: value >= start and (value - start) % step == 0

    def stepped_span(start: int, end: int, step: int) -> Spelt:
        return f"{start}-{end}/{step}", lambda value: start <= value <= end and (value - start) % step == 0

    values = st.integers(first, last)
    steps = st.integers(1, last)
    spans = st.tuples(values, values).filter(lambda pair: wraps or pair[0] <= pair[1])
    return st.one_of(
        values.flatmap(single),
        spans.flatmap(lambda pair: span(*pair)),
        st.builds(stepped, values, steps),
        st.builds(lambda pair, step: stepped_span(min(pair), max(pair), step), st.tuples(values, values), steps),
        steps.map(lambda step: (f"*/{step}", lambda value: (value - first) % step == 0)),
    )


def fields(first: int, last: int, names: list[str] | None = None, *, wraps: bool = True) -> st.SearchStrategy[Spelt]:
    """A field of some items."""

    def join(parts: list[Spelt]) -> Spelt:
        return ",".join(text for text, _ in parts), lambda value: any(matches(value) for _, matches in parts)

    listed = st.lists(items(first, last, names, wraps=wraps), min_size=1, max_size=3).map(join)
    return st.one_of(listed, st.just(ANY)) if names is None and wraps else listed


def weekday(day: datetime) -> int:
    return day.isoweekday() % 7 + 1


def month_days(day: datetime) -> list[datetime]:
    return [day.replace(day=number) for number in range(1, calendar.monthrange(day.year, day.month)[1] + 1)]


def nearest_weekday(day: datetime, wanted: int) -> bool:
    days = month_days(day)
    workdays = [each.day for each in days if weekday(each) not in {1, 7}]
    return wanted <= len(days) and day.day == min(workdays, key=lambda number: abs(number - wanted))


def is_nth(day: datetime, wanted: int, which: int) -> bool:
    return weekday(day) == wanted and (day.day - 1) // 7 + 1 == which


def is_last(day: datetime, wanted: int) -> bool:
    return weekday(day) == wanted and (day + timedelta(days=7)).month != day.month


DAYS_OF_MONTH: st.SearchStrategy[SpeltDay] = st.one_of(
    fields(1, 31).map(lambda spelt: (spelt[0], lambda day: spelt[1](day.day))),
    st.just(("L", lambda day: (day + timedelta(days=1)).month != day.month)),
    st.just(("LW", lambda day: nearest_weekday(day, len(month_days(day))))),
    st.integers(1, 31).map(lambda number: (f"{number}W", lambda day: nearest_weekday(day, number))),
)
DAYS_OF_WEEK: st.SearchStrategy[SpeltDay] = st.one_of(
    fields(1, 7, WEEKDAYS).map(lambda spelt: (spelt[0], lambda day: spelt[1](weekday(day)))),
    st.just(("L", lambda day: weekday(day) == 7)),
    st.integers(1, 7).map(lambda number: (f"{number}L", lambda day: is_last(day, number))),
    st.integers(1, 7).map(lambda number: (f"{WEEKDAYS[number - 1]}L", lambda day: is_last(day, number))),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda pair: (f"{pair[0]}#{pair[1]}", lambda day: is_nth(day, *pair))
    ),
)
DAYS: st.SearchStrategy[tuple[str, str, DayPredicate]] = st.one_of(
    DAYS_OF_MONTH.map(lambda spelt: (spelt[0], "?", spelt[1])), DAYS_OF_WEEK.map(lambda spelt: ("?", *spelt))
)
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=200, deadline=None)
@given(
    moment=MOMENTS,
    time=st.tuples(fields(0, 59), fields(0, 23)),
    days=DAYS,
    months=st.one_of(st.just(ANY), fields(1, 12, MONTHS)),
    years=st.one_of(st.just(ANY), fields(1970, 2199, wraps=False)),
)
def test_the_next_time_is_the_first_minute_that_matches(
    moment: datetime, time: tuple[Spelt, Spelt], days: tuple[str, str, DayPredicate], months: Spelt, years: Spelt
) -> None:
    (minutes, hours), (day_of_month, day_of_week, is_day) = time, days
    text = f"{minutes[0]} {hours[0]} {day_of_month} {months[0]} {day_of_week} {years[0]}"
    minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    expected = None
    while expected is None and minute < moment + SEARCHED:
        if not (years[1](minute.year) and months[1](minute.month) and is_day(minute)):
            minute = minute.replace(hour=0, minute=0) + timedelta(days=1)
        elif minutes[1](minute.minute) and hours[1](minute.hour):
            expected = minute
        else:
            minute += timedelta(minutes=1)
    found = Cron.parse(text).next_after(moment)
    if expected is None:
        assert found is None or found >= moment + SEARCHED - timedelta(days=1)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 10 * * ? *", ["2026-11-23 10:00", "2026-11-24 10:00"]),
        ("0 18 ? * MON-FRI *", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("0/15 * * * ? *", ["2026-11-23 07:15", "2026-11-23 07:30"]),
        ("0/30 20-2 ? * fri-mon *", ["2026-11-23 20:00", "2026-11-23 20:30"]),
        ("0 9 ? * 2#1 *", ["2026-12-07 09:00", "2027-01-04 09:00"]),
        ("0 9 ? * TUE#5 *", ["2026-12-29 09:00", "2027-03-30 09:00"]),
        ("59 23 L * ? *", ["2026-11-30 23:59", "2026-12-31 23:59"]),
        ("0 0 15W 8 ? *", ["2027-08-16 00:00", "2028-08-15 00:00"]),
        ("0 0 1W 5 ? *", ["2027-05-03 00:00", "2028-05-01 00:00"]),
        ("0 0 ? * 6L *", ["2026-11-27 00:00", "2026-12-25 00:00"]),
        ("0 0 29 2 ? *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 1 1 ? 2199", ["2199-01-01 00:00", None]),
        ("0 0 30 2 ? *", [None]),
        ("0 0 1 1 ? 1970-2026", [None]),
    ],
)
def test_examples(text: str, expected: list[str | None]) -> None:
    moment: datetime | None = datetime(2026, 11, 23, 7, 7, 30, tzinfo=UTC)
    found = []
    for _ in expected:
        assert moment is not None
        moment = Cron.parse(text).next_after(moment)
        found.append(None if moment is None else moment.strftime("%Y-%m-%d %H:%M"))
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * * *",
        "0 10 * * ? * *",
        "0 10 * * * *",
        "0 10 ? * ? *",
        "7 20 * * 1-7 *",
        "60 * * * ? *",
        "*/60 * * * ? *",
        "0/0 * * * ? *",
        "-1 * * * ? *",
        "0 24 * * ? *",
        "0 0 0 * ? *",
        "0 0 32 * ? *",
        "0 0 0W * ? *",
        "0 0 1,15W * ? *",
        "0 0 W * ? *",
        "0 0 * 13 ? *",
        "0 0 * MAI ? *",
        "0 0 * MON ? *",
        "0 0 ? * 0 *",
        "0 0 ? * 8L *",
        "0 0 ? * 3#6 *",
        "0 0 ? * 3#1,6#3 *",
        "0 0 ? * 2W *",
        "0 0 * * ? 1969",
        "0 0 * * ? 2200",
        "0 0 * * ? 2030-2026",
        "0, 0 * * ? *",
        "1-2-3 0 * * ? *",
        "1/2/3 0 * * ? *",
        "a 0 * * ? *",
        "L 0 * * ? *",
        "? 0 * * ? *",
        "² 0 * * ? *",
    ],
)
def test_what_is_no_cron_expression_is_refused(text: str) -> None:
    with pytest.raises(CronError):
        Cron.parse(text)
