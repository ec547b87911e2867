"""How an execution's history tells of an attempt that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

ATTEMPTS: Final = frozenset({"LambdaFunctionScheduled", "TaskScheduled"})
"""The events with which an attempt begins, of a function that is called directly and of a service integration."""

FAILURES: Final = {
    "LambdaFunctionFailed": "lambdaFunctionFailedEventDetails",
    "LambdaFunctionTimedOut": "lambdaFunctionTimedOutEventDetails",
    "LambdaFunctionScheduleFailed": "lambdaFunctionScheduleFailedEventDetails",
    "LambdaFunctionStartFailed": "lambdaFunctionStartFailedEventDetails",
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
    "TaskStartFailed": "taskStartFailedEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
}
"""The events with which one fails, and the member of each that says why."""


def error_and_cause(event: HistoryEventTypeDef) -> tuple[str, str]:
    """Return what the attempt failed with that one of the `FAILURES` tells of.

    Example
    -------
    >>> error_and_cause({"type": "TaskTimedOut", "taskTimedOutEventDetails": {}})  # type: ignore[typeddict-item]
    ('States.Timeout', '')
    """
    details = event.get(FAILURES[event["type"]])
    found = details if isinstance(details, Mapping) else {}
    # AWS leaves the error of a timeout out.
    error = found.get("error") or ("States.Timeout" if "TimedOut" in event["type"] else "States.TaskFailed")
    return str(error), str(found.get("cause") or "")
