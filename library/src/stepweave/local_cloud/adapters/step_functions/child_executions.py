"""The executions that a distributed Map state starts, one for each item or batch.

To the API they are executions as any other: what it asks of these, they answer.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from moto.stepfunctions.parser.api import CloudWatchEventsExecutionDataDetails, ExecutionStatus

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.context_times import aws_time
from stepweave.local_cloud.adapters.step_functions.execution_details import text_of

PENDING: Final = "PENDING"
UNSUCCESSFUL: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


@dataclass(eq=False)
class ChildExecution:
    """An execution that a Map state starts; the names of the fields are upstream's for executions.

    Parameters
    ----------
    execution_arn, name, state_machine_arn, map_run_arn
        What it is called, and what it belongs to.
    execution_input
        Its input, JSON text.
    item_count
        How many items it has.
    """

    execution_arn: str
    name: str
    state_machine_arn: str
    map_run_arn: str
    execution_input: str
    item_count: int
    status: str = PENDING
    output: Any = None
    error: str | None = None
    cause: str | None = None
    start_date: datetime.datetime | None = None
    stop_date: datetime.datetime | None = None
    trace_header: str | None = None
    output_details: Any = field(default_factory=lambda: CloudWatchEventsExecutionDataDetails(included=True))
    exec_worker: Any = None
    on_stop: Callable[[str | None, str | None], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def exec_status(self) -> ExecutionStatus:
        """The status as upstream spells it."""
        return ExecutionStatus(self.status)

    def begin(self, execution_input: Any, event_manager: Any) -> None:
        """Start, with the input that the item selector made, and a history."""
        self.execution_input = text_of(execution_input)
        self.status, self.start_date = "RUNNING", engine_time.now()
        self.exec_worker = SimpleNamespace(env=SimpleNamespace(event_manager=event_manager, attempt=None))

    def end(self, status: str, output: Any = None, error: str | None = None, cause: str | None = None) -> bool:
        """End, unless that was before, and say whether it was not."""
        with self._lock:
            if self.status != "RUNNING":
                return False
            self.stop_date, self.output, self.error, self.cause = engine_time.now(), output, error, cause
            self.status, self.on_stop = status, None
            return True

    def stop(self, stop_date: Any, error: str | None, cause: str | None) -> None:  # noqa: ARG002 - upstream's signature
        """Abort it, unless it has ended."""
        abort = self.on_stop
        if abort is not None:
            abort(error, cause)

    def list_item(self) -> dict[str, Any]:
        """Return what ``ListExecutions`` says of it."""
        item = {
            "executionArn": self.execution_arn,
            "stateMachineArn": self.state_machine_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.start_date,
            "stopDate": self.stop_date,
            "mapRunArn": self.map_run_arn,
            "itemCount": self.item_count,
            "redriveCount": 0,
        }
        return {name: value for name, value in item.items() if value is not None}

    def record(self) -> dict[str, Any]:
        """Return what the files of a result writer say of it, which is also the result of one that failed."""
        details = {"Included": True}
        if self.status == PENDING:
            return {"Input": self.execution_input, "InputDetails": details, "Status": PENDING}
        is_over = self.status == "SUCCEEDED"
        reason = "Execution is SUCCEEDED and cannot be redriven" if is_over else None
        fields = {
            "Cause": self.cause,
            "Error": self.error,
            "ExecutionArn": self.execution_arn,
            "Input": self.execution_input,
            "InputDetails": details,
            "Name": self.name,
            "Output": text_of(self.output) if is_over else None,
            "OutputDetails": details if is_over else None,
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE" if is_over else "REDRIVABLE_BY_MAP_RUN",
            "RedriveStatusReason": reason,
            "StartDate": aws_time(self.start_date) if self.start_date else None,
            "StateMachineArn": self.state_machine_arn,
            "Status": self.status,
            "StopDate": aws_time(self.stop_date) if self.stop_date else None,
        }
        return {name: value for name, value in fields.items() if value is not None}
