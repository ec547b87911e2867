"""Executions that go on where they failed."""

import datetime
import itertools
import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.service_tasks import service_task_names
from tests.unit.local_cloud.adapters.conftest import jsonata


def arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": arn(name), **(fields or {"End": True})}


def chain(*names: str) -> dict[str, Any]:
    states = {name: task(name, Next=following) for name, following in itertools.pairwise(names)}
    return {"StartAt": names[0], "States": states | {names[-1]: task(names[-1])}}


def machine(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"End": True} | state}}


class Flaky:
    """Fails the first times."""

    def __init__(self, answer: Any, failures: int = 1) -> None:
        self.answer, self.failures = answer, failures

    def __call__(self, event: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        return self.answer


def called(engine: Any) -> list[str]:
    return sorted(name for name, _ in engine.functions.calls)


def redrive(engine: Any, execution: str, token: str | None = None) -> Any:
    fields = {"clientToken": token} if token else {}
    return engine.client.redrive_execution(executionArn=execution, **fields)["redriveDate"]


def test_only_the_failed_state_runs_again(engine: Any) -> None:
    engine.functions.by_name = {"first": lambda _: {"n": 1}, "second": Flaky("done"), "third": lambda event: [event]}
    execution = engine.start(chain("first", "second", "third"))
    failed = engine.end(execution)
    assert (failed["status"], failed["error"], failed["redriveCount"]) == ("FAILED", "RuntimeError", 0)
    assert failed["redriveStatus"] == "REDRIVABLE"
    assert "redriveDate" not in failed
    before = engine.history(execution)

    date = redrive(engine, execution)
    done = engine.end(execution)

    assert (done["status"], json.loads(done["output"]), done["redriveCount"]) == ("SUCCEEDED", ["done"], 1)
    assert done["redriveDate"] == date
    assert done["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert not {"error", "cause"} & set(done)
    assert done["executionArn"] == execution
    assert called(engine) == ["first", "second", "second", "third"]
    assert engine.functions.calls[2] == ("second", {"n": 1})
    history = engine.history(execution)
    assert history[: len(before)] == before
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert history[len(before)]["type"] == "ExecutionRedriven"
    assert history[len(before)]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert engine.kinds(execution)[len(before) + 1 :] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "TaskStateEntered",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_a_redrive_may_fail_and_be_redriven(engine: Any) -> None:
    engine.functions.by_name = {"first": Flaky(1, failures=3)}
    execution = engine.start(chain("first"))
    for count in range(3):
        assert engine.end(execution)["redriveCount"] == count
        redrive(engine, execution)
    assert engine.end(execution)["status"] == "SUCCEEDED"


def test_branches_keep_their_output_or_go_on(engine: Any) -> None:
    held, began, released = threading.Event(), threading.Event(), threading.Event()

    def slow(_: Any) -> str:
        began.set()
        held.wait(10)
        return "slow"

    engine.functions.by_name = {
        "done": lambda _: "done",
        "before": lambda event: began.wait(10) and released.wait(10) and event,
        "breaks": Flaky("mended"),
        "slow": slow,
        "after": lambda event: [event],
    }
    branches = [chain("done"), chain("before", "breaks", "after"), chain("slow")]
    parallel = machine({"Type": "Parallel", "Branches": branches})
    execution = engine.start(parallel, {"n": 1})
    engine.until_event(execution, "TaskStateExited")
    released.set()
    assert engine.end(execution)["status"] == "FAILED"
    assert "TaskStateAborted" in engine.kinds(execution)
    assert "ParallelStateSucceeded" not in engine.kinds(execution)
    held.set()
    redrive(engine, execution)
    assert json.loads(engine.end(execution)["output"]) == ["done", ["mended"], "slow"]
    assert called(engine) == ["after", "before", "breaks", "breaks", "done", "slow", "slow"]
    assert engine.kinds(execution).count("ParallelStateEntered") == 1


def test_iterations_keep_their_output_or_go_on(engine: Any) -> None:
    failures = {2: 1}

    def odd(event: Any) -> Any:
        if failures.pop(event, 0):
            raise RuntimeError("not yet")
        return event * 10

    engine.functions.by_name = {"first": lambda event: event, "odd": odd}
    iteration = {"Type": "Map", "MaxConcurrency": 1, "ItemsPath": "$.items", "ItemProcessor": chain("first", "odd")}
    execution = engine.start(machine(iteration), {"items": [1, 2, 3]})
    assert engine.end(execution)["status"] == "FAILED"
    redrive(engine, execution)
    assert json.loads(engine.end(execution)["output"]) == [10, 20, 30]
    assert engine.functions.calls == [
        *[("first", 1), ("odd", 1), ("first", 2), ("odd", 2)],
        *[("odd", 2), ("first", 3), ("odd", 3)],
    ]


def test_branches_within_branches_go_on_at_every_level(engine: Any) -> None:
    released, breaks = threading.Event(), Flaky("c")
    engine.functions.by_name = {name: lambda _, name=name: name for name in ("a", "b")}
    engine.functions.by_name["c"] = lambda event: released.wait(10) and breaks(event)
    inner = machine({"Type": "Parallel", "Branches": [chain("b"), chain("c")]})
    execution = engine.start(machine({"Type": "Parallel", "Branches": [chain("a"), inner]}))
    engine.until_event(execution, "TaskStateExited", 2)
    released.set()
    assert engine.end(execution)["status"] == "FAILED"
    redrive(engine, execution)
    assert json.loads(engine.end(execution)["output"]) == ["a", ["b", "c"]]
    assert called(engine) == ["a", "b", "c", "c"]


def test_a_caught_parallel_is_run_again_from_its_start(engine: Any) -> None:
    """The parts of a state that was left by Catch, or is retried, are forgotten."""
    released, breaks = threading.Semaphore(0), Flaky("b", failures=2)
    engine.functions.by_name = {
        "a": lambda _: "a",
        "breaks": lambda event: released.acquire(timeout=10) and breaks(event),
    }
    retry = [{"ErrorEquals": ["RuntimeError"], "MaxAttempts": 1, "IntervalSeconds": 1, "JitterStrategy": "FULL"}]
    branches = [chain("a"), chain("breaks")]
    execution = engine.start(machine({"Type": "Parallel", "Branches": branches, "Retry": retry}))
    for attempt in (1, 2):
        # A branch that fails aborts those that have not ended.
        engine.until_event(execution, "TaskStateExited", attempt)
        released.release()
    assert engine.end(execution)["status"] == "FAILED"
    assert called(engine) == ["a", "a", "breaks", "breaks"]
    released.release()
    redrive(engine, execution)
    assert json.loads(engine.end(execution)["output"]) == ["a", "b"]
    assert called(engine)[2:] == ["breaks"] * 3


def test_a_fail_state_fails_again(engine: Any) -> None:
    execution = engine.start({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
    engine.end(execution)
    redrive(engine, execution)
    assert engine.end(execution)["error"] == "E"
    assert engine.kinds(execution) == [
        *["ExecutionStarted", "FailStateEntered", "ExecutionFailed"],
        *["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"],
    ]


def test_variables_and_the_context_object_are_there_again(engine: Any) -> None:
    engine.adapt(jsonata())
    engine.functions.by_name = {"breaks": Flaky("x")}
    result = {"v.$": "$v", "count.$": "$$.Execution.RedriveCount", "start.$": "$$.Execution.Input.n"}
    definition = {
        "StartAt": "Assign",
        "States": {
            "Assign": {"Type": "Pass", "Assign": {"v": 7}, "Next": "Breaks"},
            "Breaks": task("breaks", Next="Result"),
            "Result": {"Type": "Pass", "Parameters": result, "End": True},
        },
    }
    execution = engine.start(definition, {"n": 1})
    engine.end(execution)
    redrive(engine, execution)
    assert json.loads(engine.end(execution)["output"]) == {"v": 7, "count": 1, "start": 1}


def test_a_stopped_or_late_execution_can_be_redriven(engine: Any) -> None:
    held = threading.Event()
    engine.functions.by_name = {"slow": lambda _: held.wait(10)}
    stopped = engine.start(chain("slow"))
    late = engine.start({"TimeoutSeconds": 1} | chain("slow"))
    engine.client.stop_execution(executionArn=stopped)
    assert engine.end(stopped)["status"] == "ABORTED"
    assert engine.end(late)["status"] == "TIMED_OUT"
    held.set()
    for execution in (stopped, late):
        redrive(engine, execution)
        assert engine.end(execution)["output"] == "true"


def test_a_waiting_task_gets_a_new_token(engine: Any) -> None:
    tokens: list[str] = []
    engine.functions.by_name = {"ask": lambda event: tokens.append(event["token"])}
    parameters = {"FunctionName": arn("ask"), "Payload": {"token.$": "$$.Task.Token"}}
    waiting = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": parameters}
    execution = engine.start(machine(waiting))
    engine.until(lambda: tokens)
    engine.client.stop_execution(executionArn=execution)
    engine.end(execution)
    redrive(engine, execution)
    engine.until(lambda: len(tokens) == 2)
    assert tokens[0] != tokens[1]
    with pytest.raises(engine.client.exceptions.TaskTimedOut):
        engine.client.send_task_success(taskToken=tokens[0], output="1")
    engine.client.send_task_success(taskToken=tokens[1], output="2")
    assert engine.end(execution)["output"] == "2"


def test_a_failed_nested_execution_is_started_anew(engine: Any) -> None:
    engine.adapt(service_task_names())
    engine.functions.by_name = {"breaks": Flaky("x")}
    child = engine.create(chain("breaks"))
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {}},
        "OutputPath": "$.Output",
    }
    execution = engine.start(machine(nested))
    assert engine.end(execution)["error"] == "States.TaskFailed"
    redrive(engine, execution)
    assert engine.end(execution)["output"] == '"x"'
    statuses = [each["status"] for each in engine.client.list_executions(stateMachineArn=child)["executions"]]
    assert sorted(statuses) == ["FAILED", "SUCCEEDED"]


def test_a_client_token_redrives_once(engine: Any) -> None:
    engine.functions.by_name = {"breaks": Flaky("x", failures=2)}
    execution = engine.start(chain("breaks"))
    engine.end(execution)
    date = redrive(engine, execution, "token")
    assert redrive(engine, execution, "token") == date
    engine.end(execution)
    assert redrive(engine, execution, "token") == date
    assert engine.end(execution)["redriveCount"] == 1
    redrive(engine, execution, "another")
    assert engine.end(execution)["redriveCount"] == 2


def refused(engine: Any, execution: str) -> str:
    with pytest.raises(engine.client.exceptions.ExecutionNotRedrivable) as refusal:
        redrive(engine, execution)
    reason: str = refusal.value.response["Error"]["Message"]
    description = engine.client.describe_execution(executionArn=execution)
    assert (description["redriveStatus"], description["redriveStatusReason"]) == ("NOT_REDRIVABLE", reason)
    return reason


def test_what_cannot_be_redriven_is_refused_with_the_reason(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running = engine.start(machine({"Type": "Wait", "Seconds": 60}))
    assert refused(engine, running) == "Execution is RUNNING and cannot be redriven"
    engine.client.stop_execution(executionArn=running)
    succeeded = engine.start(machine({"Type": "Pass"}))
    engine.end(succeeded)
    assert refused(engine, succeeded) == "Execution is SUCCEEDED and cannot be redriven"
    real = engine_time.clock

    class Later:
        days = 0

        def now(self) -> datetime.datetime:
            return real.now() + datetime.timedelta(days=self.days)

        def wait(self, event: threading.Event, seconds: float | None) -> bool:
            return real.wait(event, seconds)

    later = Later()
    monkeypatch.setattr(engine_time, "clock", later)
    later.days = 13
    assert engine.client.describe_execution(executionArn=running)["redriveStatus"] == "REDRIVABLE"
    later.days = 15
    assert refused(engine, running) == "Execution redrivable period exceeded"
    later.days = 366
    assert refused(engine, running) == "Execution has exceeded the max execution time"


def test_an_execution_that_does_not_exist_is_not_redriven(engine: Any) -> None:
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        redrive(engine, "arn:aws:states:us-east-1:123456789012:execution:no:such")
