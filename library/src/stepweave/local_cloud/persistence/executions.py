"""Keeps state machines that no stack made, and executions with their histories.

An execution that was running when it was kept did not survive the process: it is restored as aborted, and its history
ends with the event that says so.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from stepweave.local_cloud.account import ACCOUNT_ID, REGION

_STOPPED: Final = ("LocalCloud.Stopped", "the local cloud was stopped while this execution ran")
_FIELDS: Final = ("name", "role_arn", "exec_arn", "start_date", "stop_date", "output", "error", "cause", "trace_header")


def read_executions() -> dict[str, Any]:
    """Return all executions by ARN."""
    return {
        execution.exec_arn: _written(machine, execution)
        for machine in list(stepfunctions_parser_backends[ACCOUNT_ID][REGION].state_machines)
        for execution in list(machine.executions)
    }


def restore_executions(executions: Mapping[str, Any]) -> None:
    """Give executions back to their state machines, those that are still there."""
    machines = {machine.name: machine for machine in stepfunctions_parser_backends[ACCOUNT_ID][REGION].state_machines}
    for kept in executions.values():
        machine = machines.get(kept["machine"])
        if machine is not None:
            machine.executions.append(_read(machine, kept))


def _written(machine: Any, execution: Any) -> dict[str, Any]:
    environment = execution.exec_worker.env if execution.exec_worker is not None else None
    return {
        "machine": machine.name,
        "definition": execution.state_machine.definition,
        "input": execution.execution_input,
        "status": execution.status,
        "kept": datetime.now(UTC) if execution.stop_date is None else execution.stop_date,
        "history": [] if environment is None else environment.event_manager.get_event_history(),
        **{name: getattr(execution, name) for name in _FIELDS},
    }


def _read(machine: Any, kept: Mapping[str, Any]) -> Any:
    defined = copy.copy(machine)
    defined.definition, defined.executions = kept["definition"], []
    execution = Execution(
        name=kept["name"],
        sm_type=machine.sm_type,
        role_arn=kept["role_arn"],
        exec_arn=kept["exec_arn"],
        account_id=ACCOUNT_ID,
        region_name=REGION,
        state_machine=defined,
        start_date=kept["start_date"],
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=kept["input"],
        trace_header=kept["trace_header"],
    )
    for name in _FIELDS:
        setattr(execution, name, kept[name])
    execution.exec_status = ExecutionStatus(kept["status"])
    history: list[Any] = kept["history"]
    if execution.exec_status is ExecutionStatus.RUNNING:
        execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, kept["kept"]
        execution.error, execution.cause = _STOPPED
        history = [*history, _aborted(history, kept["kept"])]
    execution.exec_worker = SimpleNamespace(env=SimpleNamespace(event_manager=_PastEvents(history)))
    return execution


def _aborted(history: list[Any], at: datetime) -> dict[str, Any]:
    last = history[-1]["id"] if history else 0
    error, cause = _STOPPED
    return {
        "id": last + 1,
        "previousEventId": last,
        "type": "ExecutionAborted",
        "timestamp": at,
        "executionAbortedEventDetails": {"error": error, "cause": cause},
    }


class _PastEvents:
    """A history that is over, as the engine gives one out."""

    def __init__(self, events: list[Any]) -> None:
        self._history_event_list = events

    def get_event_history(self) -> list[Any]:
        return copy.deepcopy(self._history_event_list)
