"""A nested execution ends with the task that waits for it; without the adapter it runs on."""

from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.execution_api import complete_execution_api
from stepweave.local_cloud.adapters.step_functions.interruptible_executions import interruptible_executions
from stepweave.local_cloud.adapters.step_functions.nested_executions import nested_executions
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names
from stepweave.local_cloud.adapters.step_functions.task_tokens import task_tokens

WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}


def parent(engine: Any, **task: Any) -> dict[str, Any]:
    """Return a definition that starts an execution, which waits, and waits for it."""
    child = engine.create(WAITS, name="child")
    resource, parameters = "arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": child, "Input": {}}
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **task}
    return {"StartAt": "T", "States": {"T": state}}


def children(engine: Any) -> list[Any]:
    machines = engine.client.list_state_machines()["stateMachines"]
    (arn,) = (machine["stateMachineArn"] for machine in machines if machine["name"] == "child")
    found: list[Any] = engine.client.list_executions(stateMachineArn=arn)["executions"]
    return found


@pytest.mark.parametrize(("has_adapter", "expected"), [(False, "RUNNING"), (True, "ABORTED")])
def test_it_ends_when_the_execution_around_it_is_stopped(bare_engine: Any, *, has_adapter: bool, expected: str) -> None:
    bare_engine.adapt(complete_execution_api(), interruptible_executions(), task_tokens(), service_task_names())
    if has_adapter:
        bare_engine.adapt(nested_executions())
    execution = bare_engine.start(parent(bare_engine))
    (child,) = bare_engine.until(lambda: children(bare_engine))
    bare_engine.client.stop_execution(executionArn=execution)
    if has_adapter:
        bare_engine.until(lambda: children(bare_engine)[0]["status"] != "RUNNING")
    assert bare_engine.end(execution)["status"] == "ABORTED"
    assert bare_engine.client.describe_execution(executionArn=child["executionArn"])["status"] == expected
    if not has_adapter:
        bare_engine.client.stop_execution(executionArn=child["executionArn"])


def test_it_ends_when_the_task_runs_out_of_time(engine: Any) -> None:
    engine.adapt(service_task_names())
    execution = engine.start(parent(engine, TimeoutSeconds=1))
    assert engine.end(execution)["error"] == "States.Timeout"
    # On a busy machine it may start only when the time of the task is up already: it ends then, too.
    engine.until(lambda: [child["status"] for child in children(engine)] == ["ABORTED"])
