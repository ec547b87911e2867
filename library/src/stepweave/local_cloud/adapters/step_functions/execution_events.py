"""Step Functions tells EventBridge when an execution changes its status.

Upstream defect: no such event is sent, so a rule that puts failed executions into a queue never fires.
"""

from __future__ import annotations

import datetime
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.events.models import EventsBackend, events_backends
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.redrives import redrive_fields
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import qualifiers

_LOG = logging.getLogger(__name__)


@contextmanager
def execution_status_events() -> Iterator[None]:
    """Put ``Step Functions Execution Status Change`` events on the default event bus."""
    upstream_start = Execution.start
    upstream_terminated = BaseExecutionWorkerCommunication.terminated

    def start(self: Any) -> None:
        upstream_start(self)
        announce(self, "RUNNING")

    def terminated(self: Any) -> None:
        upstream_terminated(self)
        announce(self.execution, str(self.execution.status))

    with (
        replaced(Execution, "start", start),
        replaced(BaseExecutionWorkerCommunication, "terminated", terminated),
    ):
        yield


def announce(execution: Any, status: str) -> None:
    """Put an event about an execution's status on the bus, if there is a rule that could match it.

    Express executions send none.
    """
    if execution.state_machine.type == "EXPRESS":
        return
    backend: EventsBackend = events_backends[execution.account_id][execution.region_name]
    rules = list(backend.describe_event_bus("default").rules.values())
    if not rules:
        return
    now = time.time()
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": now,
        "ingestion-time": now,
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": _detail(execution, status),
    }
    for rule in rules:
        try:
            rule.send_to_targets(event)
        except Exception:  # noqa: BLE001 - a broken rule must not fail the execution
            _LOG.exception("the rule %s could not deliver an event of %s", rule.name, execution.exec_arn)


def _detail(execution: Any, status: str) -> dict[str, Any]:
    output = to_json_str(execution.output, separators=(",", ":")) if status == "SUCCEEDED" else None
    has_stopped = status != "RUNNING"
    redrives = redrive_fields(execution, ExecutionStatus(status))
    redriven = redrives.get("redriveDate")
    revision = qualifiers(execution)
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "stateMachineVersionArn": revision.get("stateMachineVersionArn"),
        "stateMachineAliasArn": revision.get("stateMachineAliasArn"),
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date) if has_stopped else None,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "output": output,
        "outputDetails": {"included": True} if output is not None else None,
        "error": execution.error if has_stopped else None,
        "cause": execution.cause if has_stopped else None,
        "redriveCount": redrives["redriveCount"],
        "redriveDate": _milliseconds(redriven) if redriven is not None else None,
        "redriveStatus": redrives["redriveStatus"],
        "redriveStatusReason": redrives.get("redriveStatusReason"),
    }


def _milliseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)
