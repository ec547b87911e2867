"""What few workflows do, and roles must allow: waking who waits at a gate, dead letters of large inputs and crashes.

`make needed` looks at what was decided here, among others.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.testing.local_backend import LocalBackend

pytestmark = pytest.mark.slow
MACHINE = "stepweave-with-a-breaker"
QUEUE = f"{MACHINE}-failures"
LARGE = "x" * 70_000


@workflow(timeout=timedelta(minutes=30))
def waiting() -> ReplayResult:
    """Naps in an N, of which the long one is waited for at a gate: its agent wakes who waits."""
    a, b = replayer("a", seconds=2.0), replayer("b")
    c, d = replayer("c", dependencies=[a]), replayer("d", dependencies=[a, b])
    return replayer("e", dependencies=[c, d])


@workflow(timeout=timedelta(minutes=30))
def waiting_in_vain() -> ReplayResult:
    """The same with a long nap that fails without harm: the state machine wakes who waits."""
    a, b = replayer("a", seconds=3.0).timeout(timedelta(seconds=2)).retry(attempts=0).optional(), replayer("b")
    c, d = replayer("c", dependencies=[a]), replayer("d", dependencies=[a, b])
    return replayer("e", dependencies=[c, d])


def crashing(resource: str) -> dict[str, Any]:
    """The definition of a machine whose task has a breaker and a large input."""
    event: dict[str, Any] = {
        "execution.$": "$$.Execution.Id",
        "task": "work",
        "breaker": "github-api",
        "input": {"large": LARGE},
    }
    event["result_limit_bytes"] = 200_000
    return {
        "StartAt": "work",
        "States": {"work": {"Type": "Task", "Resource": resource, "Parameters": event, "End": True}},
    }


def test_an_agent_wakes_who_waits_for_it(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(waiting)
    assert run.status == "SUCCEEDED", run.cause
    assert local_cloud.refused_permissions == []


def test_a_state_machine_wakes_who_waits_for_a_task_that_failed(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(waiting_in_vain)
    assert run.status == "SUCCEEDED", run.cause
    assert local_cloud.refused_permissions == []


def test_a_crash_and_a_large_input_are_in_a_dead_letter(local_cloud: LocalBackend) -> None:
    local_cloud.deploy(waiting)
    machine = local_cloud.deploy_definition(MACHINE, crashing("${agent_replayer}"))
    queue = local_cloud.client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
    local_cloud.agent(replayer).crashes(when="started")
    run = local_cloud.start(machine).wait()
    assert run.status == "FAILED"
    detail = {"executionArn": run.arn, "stateMachineArn": machine, "name": "run", "status": "FAILED"}
    times = {"startDate": 1_795_000_000_000, "stopDate": 1_795_000_060_000, "input": "{}", "error": run.error}
    event = {
        "id": "1",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "detail": {**detail, **times, "cause": run.cause},
    }
    answer = local_cloud.client("lambda").invoke(FunctionName="stepweave-dead-letters", Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    (message,) = local_cloud.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert LARGE not in message["Body"]
    breakers = next(name for name in local_cloud.client("dynamodb").list_tables()["TableNames"] if "Breakers" in name)
    (item,) = local_cloud.client("dynamodb").scan(TableName=breakers)["Items"]
    assert len(item) > 1
    assert local_cloud.refused_permissions == []
