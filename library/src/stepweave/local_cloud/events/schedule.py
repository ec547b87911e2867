"""When a rule with a schedule expression fires: at a rate, or at the times of a cron expression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from stepweave.local_cloud.events.cron import Cron, CronError

LONGEST_EXPRESSION: Final = 256

_RATE: Final = re.compile(r"rate\((\d{1,9})\s(minute|hour|day)(s?)\)", re.ASCII)
_CRON: Final = re.compile(r"cron\((.*)\)")
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class ScheduleError(ValueError):
    """What is given is no schedule expression."""


class Schedule(Protocol):
    """When something happens again and again."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time that is later than `moment`, an aware time; None if there is none."""


@dataclass(frozen=True)
class Rate:
    """Once in every period.

    Attributes
    ----------
    period : timedelta
        The time between.
    """

    period: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """The time that is one period after `moment`, at which it happened last."""
        try:
            return moment + self.period
        except OverflowError:  # after the last year that Python knows
            return None


def parse_schedule(expression: str) -> Schedule:
    """Read a schedule expression.

    Parameters
    ----------
    expression
        Such as ``rate(5 minutes)`` or ``cron(0 12 * * ? *)``.

    Raises
    ------
    ScheduleError
        If EventBridge would refuse it.

    Example
    -------
    >>> parse_schedule("rate(2 hours)")
    Rate(period=datetime.timedelta(seconds=7200))
    """
    if len(expression) > LONGEST_EXPRESSION:
        raise ScheduleError(f"it is longer than {LONGEST_EXPRESSION} characters")
    if rate := _RATE.fullmatch(expression):
        value, is_plural = int(rate[1]), bool(rate[3])
        if value < 1 or is_plural != (value > 1):
            raise ScheduleError(f"{expression}: a rate is 1 minute, or 2 minutes, and the like")
        return Rate(value * _UNITS[rate[2]])
    if cron := _CRON.fullmatch(expression):
        try:
            return Cron.parse(cron[1])
        except CronError as error:
            raise ScheduleError(f"{expression}: {error}") from error
    raise ScheduleError(f"{expression}: it is neither rate(...) nor cron(...)")
