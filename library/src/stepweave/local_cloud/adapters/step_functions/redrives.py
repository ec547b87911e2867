"""What is known of the redrives of an execution, and whether it can be redriven."""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import datetime
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionStatus

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_events import LARGEST_HISTORY
from stepweave.local_cloud.adapters.step_functions.past_executions import PastExecution

_PERIOD: Final = datetime.timedelta(days=14)
_LONGEST_EXECUTION: Final = datetime.timedelta(days=365)
_RESTORED: Final = "Execution was started before the local cloud was and cannot be redriven"
_TOO_OLD: Final = "Execution redrivable period exceeded"
_OF_MAP_RUN: Final = "Execution belongs to a Map run and cannot be redriven by itself"
_TOKENS_KEPT: Final = 10
_TOKEN_LIFETIME: Final = datetime.timedelta(minutes=15)


class Redrives:
    """What is known of the redrives of an execution.

    Attributes
    ----------
    count
        How often it was redriven.
    date
        When it was redriven last.
    """

    def __init__(self) -> None:
        self.count = 0
        self.date: datetime.datetime | None = None
        self._tokens: dict[str, datetime.datetime] = {}

    def date_of(self, token: str | None) -> datetime.datetime | None:
        """Return when a request with this client token was granted, if that is not too long ago."""
        date = self._tokens.get(token) if token else None
        return date if date is not None and engine_time.now() - date < _TOKEN_LIFETIME else None

    def add(self, token: str | None) -> datetime.datetime:
        """Count a redrive now and remember its client token."""
        self.count += 1
        self.date = engine_time.now()
        if token:
            self._tokens[token] = self.date
            for forgotten in list(self._tokens)[:-_TOKENS_KEPT]:
                del self._tokens[forgotten]
        return self.date


def redrives_of(execution: Any) -> Redrives:
    """Return the redrives of an execution."""
    known: Redrives | None = getattr(execution, "redrives", None)
    if known is None:
        known = execution.redrives = Redrives()
    return known


def why_not_redrivable(execution: Any, status: ExecutionStatus | None = None) -> str | None:
    """Return why an execution cannot be redriven, in AWS's words, or None if it can.

    Parameters
    ----------
    execution
        The execution.
    status
        The status that counts, if it is another than the execution has by now.
    """
    status = status or ExecutionStatus(execution.exec_status)
    if status in {ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED} or execution.stop_date is None:
        return f"Execution is {status.value} and cannot be redriven"
    if getattr(execution.exec_worker.env, "attempt", None) is None:
        return _why_nothing_is_known(execution)
    now = engine_time.now()
    if len(execution.exec_worker.env.event_manager._history_event_list) >= LARGEST_HISTORY - 1:
        return "Execution history event limit exceeded"
    if now - execution.start_date > _LONGEST_EXECUTION:
        return "Execution has exceeded the max execution time"
    if now - execution.stop_date > _PERIOD:
        return _TOO_OLD
    return None


def _why_nothing_is_known(execution: Any) -> str:
    if isinstance(execution, PastExecution):
        return _TOO_OLD
    return _OF_MAP_RUN if hasattr(execution, "map_run_arn") else _RESTORED


def redrive_fields(execution: Any, status: ExecutionStatus | None = None) -> dict[str, Any]:
    """Return what a description says of redrives; ``status`` as for :func:`why_not_redrivable`."""
    redrives = redrives_of(execution)
    reason = why_not_redrivable(execution, status)
    fields: dict[str, Any] = {"redriveCount": redrives.count, "redriveStatus": "REDRIVABLE"}
    if redrives.date is not None:
        fields["redriveDate"] = redrives.date
    if reason is not None:
        fields |= {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return fields
