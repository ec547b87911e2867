"""Activities: workers that ask for tasks.

Upstream defects: ``GetActivityTask`` is missing and no task is ever offered, so that an execution that comes to an
activity fails with a `TypeError`; an activity cannot be created twice; and errors lack AWS's words.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ActivityDoesNotExist
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.api import (
    ActivityScheduledEventDetails,
    ActivityStartedEventDetails,
    ActivitySucceededEventDetails,
    ExecutionFailedEventDetails,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_activitiy import StateTaskActivity
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerLeft,
    CallbackEndpoint,
    CallbackOutcomeFailure,
    CallbackOutcomeFailureError,
    HeartbeatTimeoutError,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_frames import woken
from stepweave.local_cloud.adapters.step_functions.execution_details import text_of

_LONGEST_POLL: Final = 60  # seconds
_WHOLE: Final = HistoryEventExecutionDataDetails(truncated=False)


@dataclass(eq=False)
class _Task:
    """A task that waits for a worker.

    Parameters
    ----------
    token, task_input
        What a worker gets.
    taken
        Set when a worker has it.
    worker
        The name by which that worker asked.
    """

    token: str
    task_input: str
    taken: threading.Event = field(default_factory=threading.Event)
    worker: str | None = None


class _Offers:
    """The tasks of an activity that no worker has yet, and the workers that ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: deque[_Task] = deque()
        self._polls: deque[threading.Event] = deque()

    def add(self, task: _Task) -> None:
        with self._lock:
            self._tasks.append(task)
            if self._polls:
                self._polls.popleft().set()

    def discard(self, task: _Task) -> None:
        with self._lock:
            if task in self._tasks:
                self._tasks.remove(task)

    def take(self, worker: str | None) -> _Task | None:
        """Return the oldest task; wait for one if there is none, but not longer than AWS does."""
        until = engine_time.now().timestamp() + _LONGEST_POLL
        while True:
            with self._lock:
                if self._tasks:
                    task = self._tasks.popleft()
                    task.worker = worker
                    task.taken.set()
                    return task
                poll = threading.Event()
                self._polls.append(poll)
            rest = until - engine_time.now().timestamp()
            if rest <= 0 or not engine_time.clock.wait(poll, rest, is_awaited=False) or _CLOSED.is_set():
                with self._lock:
                    if poll in self._polls:
                        self._polls.remove(poll)
                        return None
                if _CLOSED.is_set():
                    return None

    def end_polls(self) -> None:
        with self._lock:
            while self._polls:
                self._polls.popleft().set()


_OFFERS: Final[WeakKeyDictionary[Any, _Offers]] = WeakKeyDictionary()
"""By upstream's activities."""

_CLOSED: Final = threading.Event()


@contextmanager
def activities() -> Iterator[None]:
    """Let workers take tasks."""
    _CLOSED.clear()
    create = StepFunctionBackend.create_activity

    def create_activity(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        known = next((activity for activity in self.activities.values() if activity.name == name), None)
        activity = known or create(self, name, *args, **kwargs)
        activity.encryption_configuration = activity.encryption_configuration or {"type": "AWS_OWNED_KEY"}
        return activity

    with ExitStack() as patches:
        patches.callback(end_polls)
        for owner, name, method in (
            (StepFunctionBackend, "create_activity", create_activity),
            (StepFunctionBackend, "describe_activity", _describe_activity),
            (StateTaskActivity, "_eval_execution", _execute),
        ):
            patches.enter_context(replaced(owner, name, method))
        patches.enter_context(added(StepFunctionResponse, "get_activity_task", _get_activity_task))
        yield


def end_polls() -> None:
    """Answer all workers that still ask: there is nothing to come."""
    _CLOSED.set()
    for offers in list(_OFFERS.values()):
        offers.end_polls()


def _get_activity_task(self: Any) -> ActionResult:
    activity = self.stepfunction_backend.describe_activity(self._get_param("activityArn"))
    task = _offers(activity).take(self._get_param("workerName"))
    return ActionResult({} if task is None else {"taskToken": task.token, "input": task.task_input})


def _offers(activity: Any) -> _Offers:
    return _OFFERS.setdefault(activity, _Offers())


def _describe_activity(self: Any, activity_arn: str) -> Any:
    self._validate_activity_arn(activity_arn)
    if activity_arn not in self.activities:
        raise ActivityDoesNotExist(f"Activity Does Not Exist: '{activity_arn}'")
    return self.activities[activity_arn]


def _execute(self: Any, env: Any) -> None:
    if self.parargs:
        self.parargs.eval(env=env)
    task_input = text_of(env.stack.pop())
    arn = self.resource.resource_arn
    region, account = arn.split(":")[3:5]
    activity = stepfunctions_parser_backends[account][region].activities.get(arn)
    if activity is None:
        raise _failed(env, f"The activity {arn} does not exist.")
    heartbeat = _seconds(self.heartbeat, env)
    scheduled = ActivityScheduledEventDetails(resource=arn, input=task_input, inputDetails=_WHOLE)
    if not self.timeout.is_default_value():
        scheduled["timeoutInSeconds"] = _seconds(self.timeout, env)
    if heartbeat is not None:
        scheduled["heartbeatInSeconds"] = heartbeat
    task = _Task(env.states.context_object.update_task_token(), task_input)
    endpoint = env.callback_pool_manager.add(task.token)
    _write(env, HistoryEventType.ActivityScheduled, EventDetails(activityScheduledEventDetails=scheduled))
    offers = _offers(activity)
    offers.add(task)
    try:
        with woken(env, task.taken.set):
            engine_time.wait(task.taken, None)
        if not env.is_running():
            return
        worker = {} if task.worker is None else {"workerName": task.worker}
        started = EventDetails(activityStartedEventDetails=ActivityStartedEventDetails(**worker))
        _write(env, HistoryEventType.ActivityStarted, started)
        output = _outcome(env, endpoint, heartbeat)
    finally:
        offers.discard(task)
        endpoint.report(CallbackConsumerLeft())  # from now on the token is closed
        env.states.context_object.context_object_data.pop("Task", None)
    env.stack.append(json.loads(output))
    succeeded = ActivitySucceededEventDetails(output=output, outputDetails=_WHOLE)
    _write(env, HistoryEventType.ActivitySucceeded, EventDetails(activitySucceededEventDetails=succeeded))


def _outcome(env: Any, endpoint: CallbackEndpoint, heartbeat: float | None) -> str:
    beats = None if heartbeat is None else endpoint.setup_heartbeat_endpoint(heartbeat)
    with woken(env, endpoint.interrupt_all):
        while env.is_running() and endpoint.get_outcome() is None:
            if beats is None:
                engine_time.wait(endpoint._notify_event, None)
            elif not beats.clear_and_wait() and env.is_running():
                raise HeartbeatTimeoutError
    outcome: Any = endpoint.get_outcome()
    if outcome is None:
        raise EvalTimeoutError
    if isinstance(outcome, CallbackOutcomeFailure):
        raise CallbackOutcomeFailureError(callback_outcome_failure=outcome)
    return str(outcome.output)


def _seconds(limit: Any, env: Any) -> Any:
    if limit is None:
        return None
    limit.eval(env=env)
    return env.stack.pop()


def _write(env: Any, event_type: HistoryEventType, details: EventDetails) -> None:
    env.event_manager.add_event(context=env.event_history_context, event_type=event_type, event_details=details)


def _failed(env: Any, cause: str) -> FailureEventException:
    error = StatesErrorName(typ=StatesErrorNameType.StatesRuntime)
    details = EventDetails(executionFailedEventDetails=ExecutionFailedEventDetails(error=error.error_name, cause=cause))
    return FailureEventException(FailureEvent(env, error, HistoryEventType.ExecutionFailed, details))
