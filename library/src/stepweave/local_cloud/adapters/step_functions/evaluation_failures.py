"""An expression that fails, fails its state: under AWS's name, with one event, and so that it can be caught.

Upstream defects: the event of the failure is written twice where the state can catch it, and not at all where it
cannot; it blames the state for which the failure was caught last; each state around it adds its own name to the cause;
and tasks of some services take the failure for one of the service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from stepweave.local_cloud.adapters.patch import replaced

_PREAMBLE: Final = "An error occurred while executing the state '"
_DETAILS: Final = "evaluationFailedEventDetails"


class _Written(dict[str, Any]):
    """Details of a failure whose event is in the history."""


@contextmanager
def evaluation_failures() -> Iterator[None]:
    """Write each failure once, and let the states handle it."""
    upstream_details = FailureEventException.get_execution_failed_event_details

    def get_execution_failed_event_details(self: Any) -> Any:
        error, cause = self.extract_error_cause_pair() or (None, None)
        if cause is not None and str(cause).startswith(_PREAMBLE):
            return {"error": error, "cause": cause}
        return upstream_details(self)

    def get_evaluation_failed_event_details(self: Any) -> Any:
        return self.failure_event.event_details[_DETAILS]

    with ExitStack() as patches:
        patches.enter_context(replaced(EventManager, "add_event", _once(EventManager.add_event)))
        for own in (get_execution_failed_event_details, get_evaluation_failed_event_details):
            patches.enter_context(replaced(FailureEventException, own.__name__, own))
        for state in _subclasses(ExecutionState):
            if "_from_error" in vars(state):
                patches.enter_context(replaced(state, "_from_error", _as_it_is(vars(state)["_from_error"])))
        yield


def evaluation_failure(env: Any, cause: str, location: str | None = None) -> FailureEventException:
    """Write that an evaluation failed.

    Parameters
    ----------
    env
        Where it was evaluated.
    cause
        Why it failed.
    location
        Of the field in its state, such as ``Output/name`` or ``Choices[0]/Condition``.

    Returns
    -------
    FailureEventException
        What is to be raised.
    """
    before, entered = getattr(env, "entry", (None, env.event_history_context.source_event_id))
    error_name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    state = env.states.context_object.context_object_data["State"]["Name"]
    details = EvaluationFailedEventDetails(
        error=error_name.error_name, cause=f"{_PREAMBLE}{state}' (entered at the event id #{entered}). {cause}"
    )
    if location is not None:
        details["location"] = location
    details["state"] = state
    event = HistoryEventType.EvaluationFailed
    if before is not None and env.event_history_context.source_event_id == entered:
        env.event_history_context.source_event_id = before  # AWS takes no notice of the event that entered the state
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=event,
        event_details=EventDetails(evaluationFailedEventDetails=details),
    )
    written: Any = EventDetails(evaluationFailedEventDetails=_Written(details))
    return FailureEventException(FailureEvent(env, error_name, event, written))


def _once(upstream: Callable[..., int]) -> Callable[..., int]:
    def add_event(
        self: Any, context: Any, event_type: HistoryEventType, event_details: Any = None, *args: Any, **kwargs: Any
    ) -> int:
        if event_details is not None and isinstance(event_details.get(_DETAILS), _Written):
            return int(context.last_published_event_id)
        before = context.source_event_id
        event_id = upstream(self, context, event_type, event_details, *args, **kwargs)
        environment = getattr(context, "environment", None)
        if environment is not None and event_type.endswith("StateEntered"):
            environment.entry = before, event_id
        return event_id

    return add_event


def _as_it_is(upstream: Callable[..., FailureEvent]) -> Callable[..., FailureEvent]:
    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, FailureEventException) and ex.failure_event.event_type == HistoryEventType.EvaluationFailed:
            return ex.failure_event
        return upstream(self, env, ex)

    return from_error


def _subclasses(kind: type) -> Iterator[type]:
    yield kind
    subclass: type
    for subclass in kind.__subclasses__():
        yield from _subclasses(subclass)
