"""History ends where the execution ends, and says what was aborted.

Upstream defects: a task that was given up, by a timeout, by ``StopExecution`` or since another branch failed, goes on
to write into the history when it returns; a ``Parallel`` that failed may be said to have succeeded; what another branch
aborted is not written; and an execution may have any number of events.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.api import (
    ExecutionFailedEventDetails,
    HistoryEventType,
    MapIterationEventDetails,
    StateEnteredEventDetails,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_frames import is_cut_off
from stepweave.local_cloud.adapters.step_functions.attempts import Progress

LARGEST_HISTORY: Final = 25_000  # events of an execution, by AWS's quota

_ENTERED: Final = {
    kind: kind.value.removesuffix("StateEntered") for kind in HistoryEventType if kind.value.endswith("StateEntered")
}
_EXITED: Final = frozenset(kind for kind in HistoryEventType if kind.value.endswith("StateExited"))
_ABORTED: Final = {kind: HistoryEventType(f"{kind}StateAborted") for kind in ("Task", "Wait", "Parallel", "Map")}


@contextmanager
def attempt_events() -> Iterator[None]:
    """Write only what belongs to the attempt, and follow its progress."""
    upstream = EventManager.add_event

    def add_event(  # noqa: PLR0913, PLR0917 - upstream's signature
        self: Any,
        context: Any,
        event_type: HistoryEventType,
        event_details: Any = None,
        timestamp: Any = None,
        update_source_event_id: bool = True,
    ) -> int:
        environment: Any = getattr(context, "environment", None)
        attempt = getattr(environment, "attempt", None)
        if attempt is None:
            return int(upstream(self, context, event_type, event_details, timestamp, update_source_event_id))
        with attempt.lock:
            if attempt.is_over or is_cut_off(environment):
                return int(context.last_published_event_id)
            progress: Progress = environment.progress
            if progress.resumes and event_type in _ENTERED:
                progress.resumes = False
                if _ENTERED[event_type] != "Fail":
                    context.source_event_id = context.last_published_event_id = progress.entered
                    return progress.entered
            _check_room(self, environment)
            moment = timestamp or engine_time.now()
            event: int = upstream(self, context, event_type, event_details, moment, update_source_event_id)
            _follow(progress, environment, event_type, event_details, event)
            return event

    with replaced(EventManager, "add_event", add_event):
        yield


def write_last(environment: Any, event_type: HistoryEventType, details: EventDetails | None) -> None:
    """Write into the history of an environment that no longer runs; the caller holds the lock of its attempt."""
    context = environment.event_history_context
    of_nobody = EventHistoryContext(previous_event_id=context.source_event_id)
    event = environment.event_manager.add_event(of_nobody, event_type, details, engine_time.now())
    context.source_event_id = context.last_published_event_id = event


def abort_parts(frame: Any) -> None:
    """Stop all branches or iterations that run in a frame, and write which of their states were aborted.

    Parameters
    ----------
    frame
        The frame of the ``Parallel`` or ``Map`` state that has failed.
    """
    with frame.attempt.lock:
        if frame.attempt.is_over or is_cut_off(frame):
            return
        with frame._state_mutex:  # noqa: SLF001
            frames = list(frame._frames)  # noqa: SLF001
        for part in frames:
            part.set_stop(stop_date=engine_time.now(), cause=None, error=None)
        _write_aborted_parts(frame.progress)


def _write_aborted_parts(progress: Progress) -> None:
    for index, part in progress.parts.items():
        if part.is_finished or part.frame is None or part.has_failed:
            continue
        _write_aborted_parts(part)
        if part.kind in _ABORTED:
            write_last(part.frame, _ABORTED[part.kind], None)
        if progress.kind == "Map":
            details = MapIterationEventDetails(name=str(progress.state), index=index)
            aborted = EventDetails(mapIterationAbortedEventDetails=details)
            write_last(part.frame, HistoryEventType.MapIterationAborted, aborted)
        part.frame = None  # what was aborted once is not aborted again with the state around it


def _check_room(manager: Any, environment: Any) -> None:
    """Fail the execution if only the event that says so fits into its history."""
    if manager._event_id_gen._next_id < LARGEST_HISTORY or not environment.is_running():  # noqa: SLF001
        return
    error = StatesErrorName(typ=StatesErrorNameType.StatesRuntime)
    cause = f"The execution reached the maximum number of history events ({LARGEST_HISTORY})."
    details = ExecutionFailedEventDetails(error=error.error_name, cause=cause)
    raise FailureEventException(
        FailureEvent(
            environment, error, HistoryEventType.ExecutionFailed, EventDetails(executionFailedEventDetails=details)
        )
    )


def _follow(progress: Progress, environment: Any, event_type: HistoryEventType, event_details: Any, event: int) -> None:
    if event_type in _ENTERED:
        entered: StateEnteredEventDetails = event_details["stateEnteredEventDetails"]
        states, store = environment.states, environment.variable_store
        variables = dict(store._inner_scope)  # noqa: SLF001
        progress.enter(entered["name"], _ENTERED[event_type], states._states_data["input"], variables, event)  # noqa: SLF001
    elif event_type in _EXITED:
        if isinstance(environment._program_state, ProgramEnded):  # noqa: SLF001
            progress.finish(environment.states.get_input())
    elif event_type is HistoryEventType.MapIterationFailed:
        progress.has_failed = True
