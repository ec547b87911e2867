"""``ListExecutions`` filters and pages as the API says.

Upstream defects: executions of a version or an alias are not found; there is no filter for redrives; a wrong token is
an internal error; an execution that has timed out has no stop date; and Express executions have an empty list, where
AWS has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.execution_start import StateMachineTypeNotSupported
from stepweave.local_cloud.adapters.step_functions.pages import page
from stepweave.local_cloud.adapters.step_functions.redrives import redrives_of
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import qualifiers, revision_of


@contextmanager
def execution_lists() -> Iterator[None]:
    """List executions."""
    with replaced(StepFunctionResponse, "list_executions", _list_executions):
        yield


def _list_executions(self: Any) -> ActionResult:
    arn = self._get_param("stateMachineArn")
    machine = revision_of(self.stepfunction_backend, arn).machine
    if machine.type == StateMachineType.EXPRESS.value:
        raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
    status, redrive = self._get_param("statusFilter"), self._get_param("redriveFilter")
    found = [
        _item(execution, machine)
        for execution in list(machine.executions)
        if status in {None, execution.status}
        and redrive in {None, "REDRIVEN" if redrives_of(execution).count else "NOT_REDRIVEN"}
        and (arn == machine.arn or arn in qualifiers(execution).values())
    ]
    found.sort(key=lambda item: item["startDate"], reverse=True)
    return page(self, "executions", found)


def _item(execution: Any, machine: Any) -> dict[str, Any]:
    item = {
        "executionArn": execution.execution_arn,
        "name": execution.name,
        "startDate": execution.start_date,
        "stateMachineArn": machine.arn,
        "status": execution.status,
    }
    if execution.stop_date is not None:
        item["stopDate"] = execution.stop_date
    return item
