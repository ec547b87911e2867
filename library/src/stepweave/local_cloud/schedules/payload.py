"""What the target of a schedule gets."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

_KEYWORD: Final = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")


@dataclass(frozen=True)
class Invocation:
    """One invocation of a schedule's target, however often it is tried.

    Attributes
    ----------
    schedule_arn : str
        The schedule.
    at : datetime
        The time that it was scheduled for.
    execution_id : str
        Its name.
    """

    schedule_arn: str
    at: datetime
    execution_id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])

    @property
    def scheduled_time(self) -> str:
        """The time as AWS spells it."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def payload(self, template: str | None, attempt: int = 1) -> str:
        """Return what the target gets: the schedule's input with its keywords replaced, or AWS's own event.

        Parameters
        ----------
        template
            The schedule's input.
        attempt
            Counted from 1.

        Example
        -------
        >>> Invocation("arn", datetime(2026, 1, 2, tzinfo=UTC)).payload("<aws.scheduler.scheduled-time>")
        '2026-01-02T00:00:00Z'
        """
        if template is None:
            return self._event()
        values = {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": self.scheduled_time,
            "execution-id": self.execution_id,
            "attempt-number": str(attempt),
        }
        return _KEYWORD.sub(lambda keyword: values[keyword[1]], template)

    def _event(self) -> str:
        region, account = self.schedule_arn.split(":")[3:5]
        return json.dumps(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "account": account,
                "time": self.scheduled_time,
                "region": region,
                "resources": [self.schedule_arn],
                "detail": "{}",
            },
            separators=(",", ":"),
        )
