"""Activities, with workers in threads of the test."""

import json
import threading
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.activities import activities
from stepweave.local_cloud.adapters.step_functions.state_machine_api import state_machine_api
from tests.unit.local_cloud.adapters.conftest import Engine


def of(activity: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": activity, "End": True, **fields}}}


@pytest.fixture
def workers(engine: Engine) -> Engine:
    engine.adapt(state_machine_api(), activities())
    return engine


@pytest.fixture
def activity(workers: Engine) -> str:
    return str(workers.client.create_activity(name="approve")["activityArn"])


def details(workers: Engine, execution: str) -> list[tuple[str, Any]]:
    """The events between the entry and the exit of the state, with their details."""
    events = workers.history(execution)[2:]
    kept = [event for event in events if event["type"].startswith("Activity")]
    return [(event["type"], next((v for k, v in event.items() if k.endswith("Details")), None)) for event in kept]


def test_upstream_has_no_tasks_for_workers(engine: Engine) -> None:
    arn = engine.client.create_activity(name="approve")["activityArn"]
    assert "AWSError.__init__" in engine.end(engine.start(of(arn)))["cause"]


def test_a_worker_that_waits_gets_the_task_and_its_answer_is_the_result(workers: Engine, activity: str) -> None:
    got: list[dict[str, Any]] = []
    worker = threading.Thread(
        target=lambda: got.append(workers.client.get_activity_task(activityArn=activity, workerName="w"))
    )
    worker.start()
    execution = workers.start(of(activity), {"a": 1})
    worker.join(10)
    assert json.loads(got[0]["input"]) == {"a": 1}
    workers.client.send_task_heartbeat(taskToken=got[0]["taskToken"])
    workers.client.send_task_success(taskToken=got[0]["taskToken"], output='{"ok":true}')
    assert json.loads(workers.end(execution)["output"]) == {"ok": True}
    assert details(workers, execution) == [
        ("ActivityScheduled", {"resource": activity, "input": '{"a":1}', "inputDetails": {"truncated": False}}),
        ("ActivityStarted", {"workerName": "w"}),
        ("ActivitySucceeded", {"output": '{"ok":true}', "outputDetails": {"truncated": False}}),
    ]
    with pytest.raises(workers.client.exceptions.TaskTimedOut):
        workers.client.send_task_success(taskToken=got[0]["taskToken"], output="1")


def test_a_worker_reports_a_failure(workers: Engine, activity: str) -> None:
    execution = workers.start(of(activity, HeartbeatSeconds=10, TimeoutSeconds=60))
    token = workers.client.get_activity_task(activityArn=activity)["taskToken"]
    workers.client.send_task_failure(taskToken=token, error="Denied", cause="because")
    ended = workers.end(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Denied", "because")
    scheduled, started, failed = details(workers, execution)
    assert (scheduled[1]["heartbeatInSeconds"], scheduled[1]["timeoutInSeconds"]) == (10, 60)
    assert started == ("ActivityStarted", {})
    assert failed == ("ActivityFailed", {"error": "Denied", "cause": "because"})


@pytest.mark.parametrize(("fields", "is_taken"), [({"HeartbeatSeconds": 1}, True), ({"TimeoutSeconds": 1}, False)])
def test_a_task_whose_time_is_over_times_out(
    workers: Engine, activity: str, fields: dict[str, int], is_taken: bool
) -> None:
    execution = workers.start(of(activity, **fields))
    if is_taken:
        workers.client.get_activity_task(activityArn=activity)
    assert workers.end(execution)["error"] == "States.Timeout"
    assert details(workers, execution)[-1] == ("ActivityTimedOut", {"error": "States.Timeout"})


def test_an_execution_that_is_stopped_waits_for_no_worker(workers: Engine, activity: str) -> None:
    execution = workers.start(of(activity))
    workers.until_event(execution, "ActivityScheduled")
    workers.client.stop_execution(executionArn=execution)
    assert workers.end(execution)["status"] == "ABORTED"


def test_an_activity_that_is_not_there_is_named(workers: Engine, activity: str) -> None:
    again = workers.client.create_activity(name="approve")
    assert again["activityArn"] == activity
    workers.client.delete_activity(activityArn=activity)
    ended = workers.end(execution := workers.start(of(activity)))
    assert ended["cause"] == (
        f"An error occurred while executing the state 'Do' (entered at the event id #2). The activity {activity} does "
        "not exist."
    )
    assert workers.kinds(execution) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    with pytest.raises(workers.client.exceptions.ActivityDoesNotExist, match=f"Activity Does Not Exist: '{activity}'"):
        workers.client.get_activity_task(activityArn=activity)
    with pytest.raises(workers.client.exceptions.InvalidArn, match="Invalid ARN prefix: none"):
        workers.client.get_activity_task(activityArn="none")
