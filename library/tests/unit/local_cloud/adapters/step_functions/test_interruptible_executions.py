"""Executions, tasks, branches and nested executions that are interrupted."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions import attempt_events, engine_time
from stepweave.local_cloud.adapters.step_functions.execution_api import complete_execution_api
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names

SLOW = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:slow", "End": True}
WAIT = {"Type": "Wait", "Seconds": 3600, "End": True}
TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "http://localhost/123456789012/asked", "MessageBody.$": "$$.Task.Token"},
    "End": True,
}
RETRIED = {
    "Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:breaks",
    "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600}],
    "End": True,
}


def machine(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}, **fields}


def parallel(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": [machine(state) for state in states], "End": True, **fields}


def is_idle(before: set[threading.Thread]) -> bool:
    """Tell whether nothing goes on in the background but what did before."""
    engine_time._THREADS.end_idle()
    return set(threading.enumerate()) <= before


@pytest.fixture
def held(bare_engine: Any, client: Any) -> Iterator[threading.Event]:
    """What the function `slow` waits for; `breaks` fails at once; and there is a queue `asked`."""
    event = threading.Event()

    def breaks(_: Any) -> None:
        raise RuntimeError("broken")

    bare_engine.functions.by_name = {"slow": lambda _: event.wait(30), "breaks": breaks}
    client("sqs").create_queue(QueueName="asked")
    yield event
    event.set()


EVERYTHING_THAT_LASTS = pytest.mark.parametrize(
    "state",
    [
        pytest.param(SLOW, id="function"),
        pytest.param(SLOW | {"TimeoutSeconds": 3600}, id="function with a limit"),
        pytest.param(WAIT, id="wait"),
        pytest.param(TOKEN, id="token"),
        pytest.param(TOKEN | {"HeartbeatSeconds": 3600}, id="token with a heartbeat"),
        pytest.param(RETRIED, id="retry delay"),
        pytest.param(parallel(WAIT, SLOW), id="branches"),
        pytest.param(
            {
                "Type": "Map",
                "Items": [1, 2],
                "QueryLanguage": "JSONata",
                "ItemProcessor": machine(WAIT),
                "End": True,
            },
            id="iterations",
        ),
    ],
)


BOTH_WAYS = pytest.mark.parametrize("callers_leave", [True, False], ids=["who calls leaves", "another one calls"])


@BOTH_WAYS
@EVERYTHING_THAT_LASTS
def test_a_stopped_execution_ends_at_once(engine: Any, held: threading.Event, state: dict[str, Any]) -> None:
    threads = set(threading.enumerate())
    execution = engine.start(machine(state))
    engine.until(lambda: len(engine.history(execution)) > 2 or "WaitStateEntered" in engine.kinds(execution))
    stopped = engine.client.stop_execution(executionArn=execution, error="E", cause="C")
    description = engine.client.describe_execution(executionArn=execution)
    assert (description["status"], description["error"], description["cause"]) == ("ABORTED", "E", "C")
    assert description["stopDate"] == stopped["stopDate"]
    last = engine.history(execution)[-1]
    assert last["type"] == "ExecutionAborted"
    assert last["executionAbortedEventDetails"] == {"error": "E", "cause": "C"}
    held.set()
    engine.until(lambda: is_idle(threads))
    assert engine.history(execution)[-1] == last


@EVERYTHING_THAT_LASTS
def test_an_execution_that_runs_out_of_time_ends_at_once(
    engine: Any, held: threading.Event, state: dict[str, Any]
) -> None:
    threads = set(threading.enumerate())
    execution = engine.start(machine(state, TimeoutSeconds=1))
    assert engine.end(execution)["status"] == "TIMED_OUT"
    last = engine.history(execution)[-1]
    assert last["type"] == "ExecutionTimedOut"
    held.set()
    engine.until(lambda: is_idle(threads))
    assert engine.history(execution)[-1] == last


def test_a_call_that_was_left_keeps_no_thread_of_the_engine(engine: Any, held: threading.Event) -> None:
    execution = engine.start(machine(SLOW | {"TimeoutSeconds": 3600}))
    engine.until_event(execution, "LambdaFunctionStarted")
    engine.client.stop_execution(executionArn=execution)

    def nothing_runs() -> bool:
        engine_time._THREADS.end_idle()
        return all(thread.name != "engine" for thread in threading.enumerate())

    engine.until(nothing_runs)
    assert not held.is_set()


def test_upstream_waits_for_the_task(bare_engine: Any, held: threading.Event) -> None:
    """The defect: without the adapter the execution is still running after it was stopped."""
    bare_engine.adapt(complete_execution_api())
    execution = bare_engine.start(machine(SLOW))
    bare_engine.until_event(execution, "LambdaFunctionStarted")
    bare_engine.client.stop_execution(executionArn=execution)
    time.sleep(0.1)
    assert "ExecutionAborted" not in bare_engine.kinds(execution)
    held.set()
    bare_engine.until_event(execution, "ExecutionAborted")


def test_an_execution_that_has_not_begun_can_be_stopped(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Callable[[], None]] = []
    monkeypatch.setattr(engine_time, "start", begun.append)
    execution = engine.start(machine(WAIT))
    engine.client.stop_execution(executionArn=execution)
    for begin in begun:
        begin()
    assert engine.end(execution)["status"] == "ABORTED"
    assert engine.kinds(execution) == ["ExecutionStarted", "ExecutionAborted"]


def test_stopping_twice_changes_nothing(engine: Any, held: threading.Event) -> None:
    execution = engine.start(machine(WAIT))
    first = engine.client.stop_execution(executionArn=execution, error="First")
    second = engine.client.stop_execution(executionArn=execution, error="Second")
    assert first["stopDate"] == second["stopDate"]
    assert engine.end(execution)["error"] == "First"
    assert engine.kinds(execution).count("ExecutionAborted") == 1


@BOTH_WAYS
def test_a_task_that_is_late_does_not_count(engine: Any, held: threading.Event) -> None:
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
    late = {key: value for key, value in SLOW.items() if key != "End"}
    states = {"Only": late | {"TimeoutSeconds": 1, "Catch": catch, "Next": "Caught"}, "Caught": WAIT | {"Seconds": 1}}
    execution = engine.start({"StartAt": "Only", "States": states})
    engine.until_event(execution, "WaitStateEntered")
    held.set()
    assert json.loads(engine.end(execution)["output"])["Error"] == "States.Timeout"
    kinds = engine.kinds(execution)
    assert "LambdaFunctionSucceeded" not in kinds
    assert "LambdaFunctionTimedOut" in kinds


def test_a_failing_branch_aborts_the_others(engine: Any, held: threading.Event) -> None:
    breaks = {key: value for key, value in RETRIED.items() if key != "Retry"}
    inner = parallel(SLOW, {"Type": "Wait", "Seconds": 3600, "End": True})
    execution = engine.start(machine(parallel(WAIT, inner, {"Type": "Wait", "Seconds": 1, "Next": "Breaks"})
        | {"Branches": [machine(WAIT), machine(inner), {
            "StartAt": "Short",
            "States": {"Short": {"Type": "Wait", "Seconds": 1, "Next": "Breaks"}, "Breaks": breaks},
        }]}))  # fmt: skip
    assert engine.end(execution)["error"] == "RuntimeError"
    kinds = engine.kinds(execution)
    held.set()
    failed = kinds.index("LambdaFunctionFailed")
    assert sorted(kinds[failed + 1 : -2]) == [
        "ParallelStateAborted",
        "TaskStateAborted",
        "TaskStateAborted",
        "WaitStateAborted",
        "WaitStateAborted",
    ]
    assert kinds[-2:] == ["ParallelStateFailed", "ExecutionFailed"]
    assert "ParallelStateSucceeded" not in kinds
    time.sleep(0.1)
    assert engine.kinds(execution) == kinds


def test_a_failing_iteration_aborts_the_others(engine: Any, held: threading.Event) -> None:
    choice = {"Type": "Choice", "Default": "Wait", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "Fail"}]}
    states = {"Choice": choice, "Wait": WAIT, "Fail": {"Type": "Fail", "Error": "E"}}
    iteration = {"Type": "Map", "ItemProcessor": {"StartAt": "Choice", "States": states}, "End": True}
    machine_arn = engine.create(machine(iteration))
    started = engine.client.start_execution(stateMachineArn=machine_arn, input="[1, 1, 2]")
    execution = started["executionArn"]
    assert engine.end(execution)["error"] == "E"
    kinds = engine.kinds(execution)
    assert kinds.count("MapIterationFailed") == 1
    assert kinds.count("MapIterationAborted") == kinds.count("MapIterationStarted") - 1
    assert kinds[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_many_iterations_need_no_deep_stack(engine: Any) -> None:
    iteration = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": machine({"Type": "Pass", "End": True}),
        "End": True,
    }
    items = list(range(600))
    started = engine.client.start_execution(stateMachineArn=engine.create(machine(iteration)), input=json.dumps(items))
    assert json.loads(engine.end(started["executionArn"])["output"]) == items


@pytest.mark.parametrize("how", ["stop", "execution timeout", "task timeout", "sibling"])
@pytest.mark.parametrize("resource", ["startExecution.sync", "startExecution.sync:2"])
def test_a_nested_execution_ends_with_its_parent(engine: Any, held: threading.Event, how: str, resource: str) -> None:
    engine.adapt(service_task_names())
    child = engine.create(machine(WAIT))
    nested: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:{resource}",
        "Parameters": {"StateMachineArn": child, "Input": {}},
        "End": True,
    }
    fields: dict[str, Any] = {}
    if how == "execution timeout":
        fields["TimeoutSeconds"] = 1
    if how == "task timeout":
        nested["TimeoutSeconds"] = 1
    if how == "sibling":
        failing = {
            "StartAt": "Short",
            "States": {"Short": {"Type": "Wait", "Seconds": 1, "Next": "F"}, "F": {"Type": "Fail", "Error": "E"}},
        }
        nested = {"Type": "Parallel", "Branches": [machine(nested), failing], "End": True}
    execution = engine.start(machine(nested, **fields))

    def children() -> Any:
        return engine.client.list_executions(stateMachineArn=child)["executions"]

    engine.until(children)
    if how == "stop":
        engine.client.stop_execution(executionArn=execution)
    expected = {"stop": "ABORTED", "execution timeout": "TIMED_OUT", "task timeout": "FAILED", "sibling": "FAILED"}
    assert engine.end(execution)["status"] == expected[how]
    assert engine.end(children()[0]["executionArn"])["status"] == "ABORTED"


def test_a_history_that_is_full_fails_the_execution(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_events, "LARGEST_HISTORY", 50)
    loop = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 0, "Next": "C"}], "Default": "A"},
            "C": {"Type": "Succeed"},
        },
    }
    failed = engine.end(execution := engine.start(loop, {"n": 1}))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Runtime")
    assert failed["cause"].endswith("The execution reached the maximum number of history events (50).")
    assert len(engine.history(execution)) == 50


def test_a_closed_token_is_refused(engine: Any, client: Any, held: threading.Event) -> None:
    execution = engine.start(machine(TOKEN))
    queue = client("sqs").get_queue_url(QueueName="asked")["QueueUrl"]
    token = engine.until(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))[0]["Body"]
    stepfunctions = engine.client
    with pytest.raises(stepfunctions.exceptions.InvalidOutput):
        stepfunctions.send_task_success(taskToken=token, output="no json")
    stepfunctions.send_task_success(taskToken=token, output="1")
    for call, fields in (
        (stepfunctions.send_task_success, {"output": "2"}),
        (stepfunctions.send_task_failure, {}),
        (stepfunctions.send_task_heartbeat, {}),
    ):
        with pytest.raises(stepfunctions.exceptions.TaskTimedOut):
            call(taskToken=token, **fields)
    assert engine.end(execution)["output"] == "1"
    with pytest.raises(stepfunctions.exceptions.InvalidToken):
        stepfunctions.send_task_success(taskToken="never given", output="1")
