"""Cron expressions of EventBridge: six fields, in UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199
_SUNDAY: Final = 1
_SATURDAY: Final = 7
_ANY: Final = "?"
_DAY: Final = timedelta(days=1)

_MONTH_NAMES: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAY_NAMES: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NEAREST_WEEKDAY: Final = re.compile(r"(\d{1,2})W")
_LAST_OF_WEEKDAY: Final = re.compile(r"(\w+)L")
_NTH_OF_WEEKDAY: Final = re.compile(r"(\w+)#([1-5])")

DaysOfMonth = Callable[[int, int], set[int]]
"""Gives the days of a month that match, by year and month."""


class CronError(ValueError):
    """What is given is no cron expression of EventBridge."""


@dataclass(frozen=True)
class _Field:
    """What a field may hold.

    Attributes
    ----------
    name : str
        What the field is called.
    first, last : int
        The lowest and the highest value.
    names : tuple of str
        The names of the values, from the lowest on, where they have names.
    is_cyclic : bool
        Whether a range may go on at the lowest value after the highest.
    """

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()
    is_cyclic: bool = True

    def values(self, text: str) -> frozenset[int]:
        """The values of a list of numbers, ranges and increments."""
        return frozenset(value for item in text.split(",") for value in self._item(item))

    def value(self, text: str) -> int:
        """The value of a number or a name."""
        number = int(text) if text.isascii() and text.isdigit() else -1
        if text in self.names:
            number = self.first + self.names.index(text)
        if not self.first <= number <= self.last:
            raise CronError(f"{self.name}: {text!r} is not one of {self.first}-{self.last}")
        return number

    def _item(self, item: str) -> list[int]:
        span, slash, step_text = item.partition("/")
        start_text, dash, end_text = span.partition("-")
        if span == "*":
            start, end = self.first, self.last
        else:
            start = self.value(start_text)
            end = self.value(end_text) if dash else self.last if slash else start
        step = self._step(step_text) if slash else 1
        if end >= start:
            return list(range(start, end + 1, step))
        if not self.is_cyclic:
            raise CronError(f"{self.name}: {item!r} ends before it begins")
        size = self.last - self.first + 1
        return [self.first + (value - self.first) % size for value in range(start, end + size + 1, step)]

    def _step(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= self.last:
            raise CronError(f"{self.name}: the increment {text!r} is not one of 1-{self.last}")
        return int(text)


_MINUTE: Final = _Field("minutes", 0, 59)
_HOUR: Final = _Field("hours", 0, 23)
_DAY_OF_MONTH: Final = _Field("day of month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTH_NAMES)
_DAY_OF_WEEK: Final = _Field("day of week", _SUNDAY, _SATURDAY, _WEEKDAY_NAMES)
_YEAR: Final = _Field("year", FIRST_YEAR, LAST_YEAR, is_cyclic=False)


@dataclass(frozen=True)
class Cron:
    """A cron expression.

    Attributes
    ----------
    minutes, hours, months, years : frozenset of int
        The values that match.
    days : callable
        Gives the days of a month that match.

    Example
    -------
    >>> Cron.parse("0 9 ? * MON-FRI *").next_after(datetime(2026, 1, 2, 9, 0, tzinfo=UTC))
    datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.timezone.utc)
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: DaysOfMonth
    months: frozenset[int]
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read the six fields, which whitespace separates.

        Raises
        ------
        CronError
            If there are not six, or one is not what EventBridge takes.
        """
        fields = text.upper().split()
        if len(fields) != 6:
            raise CronError(f"a cron expression has six fields, not {len(fields)}")
        minutes, hours, day_of_month, month, day_of_week, year = fields
        if (day_of_month == _ANY) == (day_of_week == _ANY):
            raise CronError("either the day of month or the day of week is '?', and the other one is not")
        return cls(
            minutes=_MINUTE.values(minutes),
            hours=_HOUR.values(hours),
            days=_days_of_week(day_of_week) if day_of_month == _ANY else _days_of_month(day_of_month),
            months=_MONTH.values(month),
            years=_YEAR.values(year),
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that matches and is later than `moment`, an aware time; None if there is none."""
        earliest = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for midnight in self._days_from(earliest):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = midnight.replace(hour=hour, minute=minute)
                    if found >= earliest:
                        return found
        return None

    def _days_from(self, earliest: datetime) -> Iterator[datetime]:
        for year in sorted(year for year in self.years if year >= earliest.year):
            for month in sorted(self.months):
                if (year, month) < (earliest.year, earliest.month):
                    continue
                for day in sorted(self.days(year, month)):
                    midnight = datetime(year, month, day, tzinfo=UTC)
                    if midnight + _DAY > earliest:
                        yield midnight


def _days_of_month(text: str) -> DaysOfMonth:
    if text == "L":
        return lambda year, month: {_length(year, month)}
    if text == "LW":
        return lambda year, month: {_nearest_weekday(year, month, _length(year, month))}
    if nearest := _NEAREST_WEEKDAY.fullmatch(text):
        wanted = _DAY_OF_MONTH.value(nearest[1])
        return lambda year, month: {_nearest_weekday(year, month, wanted)} if wanted <= _length(year, month) else set()
    values = _DAY_OF_MONTH.values(text)
    return lambda year, month: {day for day in values if day <= _length(year, month)}


def _days_of_week(text: str) -> DaysOfMonth:
    if text == "L":  # of the week, which ends with Saturday
        text = str(_SATURDAY)
    if nth := _NTH_OF_WEEKDAY.fullmatch(text):
        weekday, which = _DAY_OF_WEEK.value(nth[1]), int(nth[2])
        return lambda year, month: set(_days_that_are(year, month, weekday)[which - 1 : which])
    if last := _LAST_OF_WEEKDAY.fullmatch(text):
        weekday = _DAY_OF_WEEK.value(last[1])
        return lambda year, month: set(_days_that_are(year, month, weekday)[-1:])
    values = _DAY_OF_WEEK.values(text)
    return lambda year, month: {day for weekday in values for day in _days_that_are(year, month, weekday)}


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _weekday(year: int, month: int, day: int) -> int:
    """Day of week as EventBridge counts: 1 is Sunday."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _days_that_are(year: int, month: int, weekday: int) -> list[int]:
    first = 1 + (weekday - _weekday(year, month, 1)) % 7
    return list(range(first, _length(year, month) + 1, 7))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is nearest, in the same month."""
    weekday = _weekday(year, month, day)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < _length(year, month) else day - 2
    return day
