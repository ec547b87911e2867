"""Errors that states report themselves."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails


def state_failure(environment: Any, error: StatesErrorNameType, cause: str, *, tells_state: bool = False) -> Exception:
    """Return what the engine raises where a state fails.

    Parameters
    ----------
    environment
        The frame in which the state is.
    error
        The name of the error.
    cause
        What was wrong.
    tells_state
        Whether the cause is to begin with the state, as AWS's do; the engine sees to that for ``States.Runtime`` and
        ``States.QueryEvaluationError``.
    """
    name = StatesErrorName(error)
    failure = FailureEvent(environment, name, HistoryEventType.TaskFailed)
    if tells_state:
        entered = f"(entered at the event id #{failure.source_event_id})"
        cause = f"An error occurred while executing the state '{failure.state_name}' {entered}. {cause}"
    details = TaskFailedEventDetails(error=name.error_name, cause=cause)
    failure.event_details = EventDetails(taskFailedEventDetails=details)
    exception: Exception = FailureEventException(failure)
    return exception
