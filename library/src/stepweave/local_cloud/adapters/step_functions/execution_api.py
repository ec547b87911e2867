"""Calls about executions give what the API promises.

Upstream defects: ``StartExecution`` without a name calls the execution ``None``; ``StopExecution`` drops the error and
the cause and answers before there is a stop date; ``SendTaskFailure`` drops the cause; ``DescribeExecution`` of an
execution that timed out has no stop date, an output that is null is left out, and one that is text is not JSON;
``GetExecutionHistory`` ignores ``maxResults``, ``nextToken``, ``reverseOrder`` and ``includeExecutionData``, and fails
for an execution that is about to start.
"""

from __future__ import annotations

import copy
import datetime
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.pages import page_start

_DEFAULT_PAGE: Final = 100
_LARGEST_PAGE: Final = 1000
_INCLUDED: Final = {"included": True}
_EXECUTION_DATA: Final = ("input", "inputDetails", "output", "outputDetails")


@contextmanager
def complete_execution_api() -> Iterator[None]:
    """Mend the calls about executions."""
    methods = {
        "start_execution": _start_execution,
        "describe_execution": _describe_execution(StepFunctionResponse.describe_execution),
        "stop_execution": _stop_execution,
        "get_execution_history": _get_execution_history,
        "send_task_failure": _send_task_failure,
    }
    with ExitStack() as patches:
        for name, method in methods.items():
            patches.enter_context(replaced(StepFunctionResponse, name, method))
        yield


def _start_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.start_execution(
        self._get_param("stateMachineArn"),
        self._get_param("name") or str(uuid.uuid4()),
        self._get_param("input", if_none="{}"),
        self._get_param("traceHeader"),
    )
    return ActionResult({"executionArn": execution.execution_arn, "startDate": execution.start_date})


def _describe_execution(upstream: Any) -> Any:
    def describe_execution(self: Any) -> ActionResult:
        answer: ActionResult = upstream(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        description: dict[str, Any] = answer.result
        if execution.status == ExecutionStatus.TIMED_OUT.value:
            description["stopDate"] = execution.stop_date
        if execution.status == ExecutionStatus.SUCCEEDED.value:
            description["output"] = to_json_str(execution.output, separators=(",", ":"))
        description["inputDetails"] = _INCLUDED
        if execution.trace_header:
            description["traceHeader"] = execution.trace_header
        return ActionResult(description)

    return describe_execution


def _stop_execution(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.stop_date is None:
        execution.stop(stop_date=utcnow(), error=self._get_param("error"), cause=self._get_param("cause"))
        execution.error, execution.cause = self._get_param("error"), self._get_param("cause")
    return ActionResult({"stopDate": execution.stop_date or utcnow()})


def _send_task_failure(self: Any) -> EmptyResult:
    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return EmptyResult()


def _get_execution_history(self: Any) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    environment = execution.exec_worker.env if execution.exec_worker is not None else None
    # The list only grows, and what is in it does not change: upstream would copy all of it for each page.
    events = list(environment.event_manager._history_event_list) if environment is not None else []  # noqa: SLF001
    if self._get_param("reverseOrder"):
        events.reverse()
    start = page_start(self._get_param("nextToken"), len(events))
    size = min(self._get_param("maxResults") or _DEFAULT_PAGE, _LARGEST_PAGE)
    page = events[start : start + size]
    if self._get_param("includeExecutionData") is False:
        page = [_without_data(event) for event in page]
    timed = [{**event, "timestamp": _moment(event["timestamp"])} for event in page]
    answer: dict[str, Any] = {"events": timed}
    if start + size < len(events):
        answer["nextToken"] = json.dumps({"start": start + size})
    return ActionResult(answer)


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    bare = copy.copy(event)
    for key, details in event.items():
        if isinstance(details, dict):
            bare[key] = {name: value for name, value in details.items() if name not in _EXECUTION_DATA}
    return bare


def _moment(value: str | datetime.datetime) -> datetime.datetime:
    """Return the time of an event: the engine keeps a text, a history that was restored from a file the time itself."""
    return value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value)
