"""What a history says of the start and the end of an execution, whether or not a Map state started it."""

from __future__ import annotations

from typing import Any, Final

from moto.stepfunctions.parser.api import (
    ExecutionAbortedEventDetails,
    ExecutionStartedEventDetails,
    ExecutionSucceededEventDetails,
    ExecutionTimedOutEventDetails,
    HistoryEventExecutionDataDetails,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

_WHOLE: Final = HistoryEventExecutionDataDetails(truncated=False)


def text_of(value: Any) -> str:
    """Return the JSON text of an input or output."""
    return str(to_json_str(value, separators=(",", ":")))


def started(execution_input: str, role: str) -> EventDetails:
    """Return the details of ``ExecutionStarted``; the input is JSON text."""
    details = ExecutionStartedEventDetails(input=execution_input, inputDetails=_WHOLE, roleArn=role)
    return EventDetails(executionStartedEventDetails=details)


def succeeded(output: Any) -> EventDetails:
    """Return the details of ``ExecutionSucceeded``."""
    details = ExecutionSucceededEventDetails(output=text_of(output), outputDetails=_WHOLE)
    return EventDetails(executionSucceededEventDetails=details)


def timed_out() -> EventDetails:
    """Return the details of ``ExecutionTimedOut``."""
    return EventDetails(executionTimedOutEventDetails=ExecutionTimedOutEventDetails())


def aborted(error: str | None, cause: str | None) -> EventDetails:
    """Return the details of ``ExecutionAborted``."""
    given = {name: text for name, text in (("error", error), ("cause", cause)) if text}
    return EventDetails(executionAbortedEventDetails=ExecutionAbortedEventDetails(**given))
