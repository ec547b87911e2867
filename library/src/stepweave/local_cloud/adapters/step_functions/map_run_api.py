"""Calls about Map runs and child executions give what the API promises.

Upstream defects: ``ListExecutions`` knows no ``mapRunArn``, and ``DescribeExecution`` and ``GetExecutionHistory`` no
child executions; a Map run that does not exist is an internal error, as is any Map run once an execution was restored
from a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ResourceNotFound
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.child_executions import PENDING, ChildExecution
from stepweave.local_cloud.adapters.step_functions.pages import page


@contextmanager
def map_run_api() -> Iterator[None]:
    """Answer calls about Map runs and child executions."""
    upstream_describe = StepFunctionsParserBackend.describe_execution
    upstream_call = StepFunctionResponse.describe_execution
    upstream_list = StepFunctionResponse.list_executions

    def describe_execution(self: Any, execution_arn: str) -> Any:
        return _child(self, execution_arn) or upstream_describe(self, execution_arn)

    def describe_call(self: Any) -> ActionResult:
        answer: ActionResult = upstream_call(self)
        child = _child(self.stepfunction_backend, self._get_param("executionArn"))
        if child is not None:
            answer.result["mapRunArn"] = child.map_run_arn
        return answer

    def list_executions(self: Any) -> ActionResult:
        arn = self._get_param("mapRunArn")
        return upstream_list(self) if arn is None else _children_of(self, arn)

    with ExitStack() as patches:
        for owner, name, method in (
            (StepFunctionsParserBackend, "describe_execution", describe_execution),
            (StepFunctionsParserBackend, "describe_map_run", lambda self, arn: _record(self, arn).describe()),
            (StepFunctionsParserBackend, "list_map_runs", _list_map_runs),
            (StepFunctionResponse, "describe_execution", describe_call),
            (StepFunctionResponse, "list_executions", list_executions),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def _list_map_runs(self: Any, execution_arn: str) -> dict[str, Any]:
    records = _records_of(self.describe_execution(execution_arn))
    return {"mapRuns": [record.list_item() for record in reversed(records)]}


def _children_of(response: Any, arn: str) -> ActionResult:
    run = getattr(_record(response.stepfunction_backend, arn), "run", None)
    children = [child for child in (run.children if run is not None else ()) if child.status != PENDING]
    status = response._get_param("statusFilter")  # noqa: SLF001 - upstream's own seam
    found = [child.list_item() for child in children if status in {None, child.status}]
    found.sort(key=lambda item: item["startDate"], reverse=True)
    return page(response, "executions", found)


def _records_of(execution: Any) -> list[Any]:
    """Return the Map runs of an execution; those of one that was restored from a file are not known."""
    environment = getattr(execution.exec_worker, "env", None)
    pool = getattr(environment, "map_run_record_pool_manager", None)
    return pool.get_all() if pool is not None else []


def _records(backend: Any) -> Iterator[Any]:
    for machine in backend.state_machines:
        for execution in list(machine.executions):
            yield from _records_of(execution)


def _record(backend: Any, arn: str) -> Any:
    for record in _records(backend):
        if record.map_run_arn == arn:
            return record
    raise ResourceNotFound(arn)


def _child(backend: Any, arn: str) -> ChildExecution | None:
    if "/" not in arn:
        return None
    children = (child for record in _records(backend) if hasattr(record, "run") for child in record.run.children)
    return next((child for child in children if child.execution_arn == arn and child.status != PENDING), None)
