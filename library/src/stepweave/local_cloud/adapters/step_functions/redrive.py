"""Executions that did not succeed can be redriven.

Upstream defect: ``RedriveExecution`` is missing, and ``DescribeExecution`` says nothing of it.

A redrive goes on with the states that had been entered and not exited, with the input that they had. What a state that
runs again had started before, such as a nested execution, is started anew, and a task that waits for a token gets a new
one. A state that had been entered is not said to be entered again, but that it is scheduled or started is.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import (
    ExecutionRedrivenEventDetails,
    ExecutionStatus,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.attempt_programs import begin_attempt
from stepweave.local_cloud.adapters.step_functions.context_times import aws_time
from stepweave.local_cloud.adapters.step_functions.execution_events import announce
from stepweave.local_cloud.adapters.step_functions.redrives import redrive_fields, redrives_of, why_not_redrivable

REDRIVING: Final = threading.Lock()
"""Held while it is decided whether an execution is redriven."""


class ExecutionNotRedrivable(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The execution cannot be redriven; the message says why."""

    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


@contextmanager
def redrivable_executions() -> Iterator[None]:
    """Answer ``RedriveExecution``, and say in descriptions what was and can be redriven."""
    describe, list_all = StepFunctionResponse.describe_execution, StepFunctionResponse.list_executions

    def describe_execution(self: Any) -> ActionResult:
        answer: ActionResult = describe(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        answer.result.update(redrive_fields(execution))
        return answer

    def list_executions(self: Any) -> ActionResult:
        answer: ActionResult = list_all(self)
        for item in answer.result["executions"]:
            fields = redrive_fields(self.stepfunction_backend.describe_execution(item["executionArn"]))
            item.update({name: fields[name] for name in ("redriveCount", "redriveDate") if name in fields})
        return answer

    with ExitStack() as patches:
        patches.enter_context(replaced(StepFunctionResponse, "describe_execution", describe_execution))
        patches.enter_context(replaced(StepFunctionResponse, "list_executions", list_executions))
        patches.enter_context(added(StepFunctionResponse, "redrive_execution", _redrive_execution))
        yield


def _redrive_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    token = self._get_param("clientToken")
    with REDRIVING:
        date = redrives_of(execution).date_of(token)
        if date is not None:
            return ActionResult({"redriveDate": date})
        reason = why_not_redrivable(execution)
        if reason is not None:
            raise ExecutionNotRedrivable(reason)
        date = redrives_of(execution).add(token)
        run = _begin(execution)
    announce(execution, ExecutionStatus.RUNNING.value)
    engine_time.start(run)
    return ActionResult({"redriveDate": date})


def _begin(execution: Any) -> Any:
    worker = execution.exec_worker
    former = worker.env
    former.event_manager._history_event_list = list(former.event_manager._history_event_list)  # it may be in a file
    progress = former.attempt.progress
    progress.prepare_redrive(reruns_finished=execution.error == "States.DataLimitExceeded")
    environment = worker._get_evaluation_environment()
    environment.event_manager = former.event_manager
    environment.callback_pool_manager = former.callback_pool_manager
    environment.map_run_record_pool_manager = former.map_run_record_pool_manager
    last_event = former.event_manager._history_event_list[-1]["id"]
    context = EventHistoryContext(previous_event_id=last_event)
    environment.event_history_context, context.environment = context, environment
    redrives = redrives_of(execution)
    if redrives.date is None:
        raise AssertionError("a redrive is counted before it begins")
    about = environment.states.context_object.context_object_data["Execution"]
    about["RedriveCount"], about["RedriveTime"] = redrives.count, aws_time(redrives.date)
    execution.exec_status = ExecutionStatus.RUNNING
    execution.stop_date = execution.error = execution.cause = None

    def started() -> None:
        details = ExecutionRedrivenEventDetails(redriveCount=redrives.count)
        environment.event_manager.add_event(
            context, HistoryEventType.ExecutionRedriven, {"executionRedrivenEventDetails": details}
        )

    if worker._cloud_watch_logging_session is not None:
        worker._cloud_watch_logging_session.redrive_count = redrives.count
    return begin_attempt(worker, environment, progress, started)
