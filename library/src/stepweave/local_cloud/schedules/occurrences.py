"""When a schedule of EventBridge Scheduler invokes its target.

Unlike a rule's, a cron expression is read in a time zone, a schedule may be for one moment, a rate counts from a date,
and dates bound all but the one moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stepweave.local_cloud.events.cron import Cron
from stepweave.local_cloud.events.schedule import Rate, Schedule, ScheduleError, parse_schedule

_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
_INSTANT: Final = timedelta(microseconds=1)
_PRECISION: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=1)


class TimeZoneError(ScheduleError):
    """There is no such time zone."""


@dataclass(frozen=True)
class Once:
    """One moment.

    Attributes
    ----------
    moment : datetime
        Which; aware.
    """

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """The moment, if it is still to come."""
        return self.moment if self.moment > moment else None


@dataclass(frozen=True)
class ZonedCron:
    """A cron expression in a time zone.

    As in AWS, a time that a change of the clocks leaves out is left out, and one that comes twice is taken once.

    Attributes
    ----------
    cron : Cron
        The times, whatever the zone.
    zone : ZoneInfo
        Where they are read.
    """

    cron: Cron
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that matches and is later than `moment`."""
        wall = self.cron.next_after(moment.astimezone(self.zone).replace(tzinfo=UTC, fold=0))
        while wall is not None:
            found = wall.replace(tzinfo=self.zone).astimezone(UTC)
            exists = found.astimezone(self.zone).replace(tzinfo=UTC, fold=0) == wall
            if exists and found > moment:
                return found
            wall = self.cron.next_after(wall)
        return None


@dataclass(frozen=True)
class CountedRate:
    """A rate that counts from a moment, which is the first time.

    Attributes
    ----------
    period : timedelta
        The time between.
    first : datetime
        The moment.
    """

    period: timedelta
    first: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that is later than `moment`."""
        if moment < self.first:
            return self.first
        try:
            return self.first + ((moment - self.first) // self.period + 1) * self.period
        except OverflowError:  # after the last year that Python knows
            return None


@dataclass(frozen=True)
class Bounded:
    """Those times of a schedule that are within dates.

    Attributes
    ----------
    schedule : Schedule
        All times.
    start, end : datetime or None
        The dates, both within.
    """

    schedule: Schedule
    start: datetime | None = None
    end: datetime | None = None

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that is later than `moment`."""
        if self.start is not None and moment < self.start:
            moment = self.start - _INSTANT
        found = self.schedule.next_after(moment)
        return found if found is None or self.end is None or found <= self.end else None


def occurrences(
    expression: str,
    zone: str,
    created: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Schedule:
    """Read when a schedule invokes its target.

    Parameters
    ----------
    expression
        ``at(...)``, ``rate(...)`` or ``cron(...)``.
    zone
        The name of the time zone in which ``at`` and ``cron`` are read, such as ``Europe/Berlin``.
    created
        When the schedule was made: a rate that has no start counts from then.
    start, end
        The dates that bound a rate or a cron expression.

    Raises
    ------
    ScheduleError
        If EventBridge Scheduler would refuse the expression; a `TimeZoneError` if it would refuse the zone.

    Example
    -------
    >>> then = datetime(2026, 3, 1, tzinfo=UTC)
    >>> occurrences("cron(30 2 * * ? *)", "Europe/Berlin", then).next_after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    datetime.datetime(2026, 3, 30, 0, 30, tzinfo=datetime.timezone.utc)
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneError(zone) from error
    if at := _AT.fullmatch(expression):
        try:
            moment = datetime.fromisoformat(at[1]).replace(tzinfo=place).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ScheduleError(f"{expression}: {error}") from error
        # AWS is precise to the minute: one that has just begun is not over.
        is_now = created - _PRECISION < moment <= created
        return Once(created + _SOON if is_now else moment)
    schedule = parse_schedule(expression)
    if isinstance(schedule, Rate):
        # Without a date it begins at once.
        return Bounded(CountedRate(schedule.period, start or created + _SOON), None, end)
    return Bounded(ZonedCron(schedule, place), start, end) if isinstance(schedule, Cron) else schedule
