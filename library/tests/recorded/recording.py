"""A small workflow that meets every format that outlives a deployment, run against moto and written down."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from pydantic import BaseModel, JsonValue

from stepweave.compiler.compile import compile_workflow
from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig
from stepweave.contract.dead_letter import DeadLetter, FailedTask
from stepweave.contract.event import TaskEvent
from stepweave.language.workflow import workflow
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext
from stepweave.simulator.simulation import simulate

TABLES = ("idempotency", "gates", "breakers")
BUCKET = "payload"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "STEPWEAVE_PAYLOAD_BUCKET": BUCKET,
    "STEPWEAVE_IDEMPOTENCY_TABLE": "idempotency",
    "STEPWEAVE_GATES_TABLE": "gates",
    "STEPWEAVE_BREAKERS_TABLE": "breakers",
}
ran: list[str] = []
"""The tasks whose function was run, not answered from what is stored."""


class Made(BaseModel):
    task: str
    given: list[str]
    text: str


class Given(BaseModel):
    size: int = 1
    dependencies: list[Made] = []
    fails: bool = False


recorded = Agent(
    name="recorded",
    input=Given,
    output=Made,
    breaker=Breaker("recorded", CircuitBreakerConfig(failure_threshold=2, recovery_timeout=timedelta(minutes=5))),
)


@agent_handler(recorded)
def handler(task: Given, context: TaskContext) -> Made:
    ran.append(context.task)
    if task.fails:
        raise RuntimeError("it fails")
    return Made(task=context.task, given=[one.task for one in task.dependencies], text="x" * task.size)


@workflow(timeout=timedelta(minutes=10))
def recorded_work() -> Made:
    """Meet at a gate, with a result that travels by reference."""
    left, right = recorded("left", size=400_000), recorded("right")
    one, both = recorded("one", dependencies=[left]), recorded("both", dependencies=[left, right])
    other = recorded("other", dependencies=[right])
    return recorded("last", dependencies=[one, both, other])


@dataclass
class Invocation:
    """What Lambda hands to a handler beside the event."""

    function_name: str = "stepweave-recorded"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-recorded"
    aws_request_id: str = "7f4a9c1e"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def attempt(event: JsonValue) -> dict[str, JsonValue]:
    """Return what the handler returns, or the name of what it raises."""
    try:
        return {"returned": handler(event, Invocation())}  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - it is what is recorded
        return {"raised": type(error).__name__}


def make_resources(create_table: Callable[[Any, str], None]) -> None:
    """Make the tables and the bucket, empty."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    for table in TABLES:
        create_table(boto3.client("dynamodb"), table)


def items() -> dict[str, Any]:
    """Return the items of all tables."""
    return {table: boto3.client("dynamodb").scan(TableName=table)["Items"] for table in TABLES}


def objects() -> dict[str, str]:
    """Return the objects in the bucket by their keys: compressed, in Base64."""
    s3 = boto3.client("s3")
    bodies = {
        one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
        for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    }
    return {key: base64.b64encode(zlib.compress(body)).decode() for key, body in bodies.items()}


def record() -> dict[str, Any]:
    """Run the workflow, and return what was sent to each task, what it returned, and what was stored before it."""
    compiled = compile_workflow(recorded_work)
    definition = compiled.definition
    for wait in _waiting_states(definition["States"]):
        _wait(wait["Parameters"])
    tasks: list[dict[str, Any]] = []

    def run(event: TaskEvent, number: int) -> JsonValue:
        sent = event.model_dump(mode="json", exclude_unset=True)
        before = items()
        tasks.append({"event": sent, "before": before, **attempt(sent)})
        return tasks[-1]["returned"]

    simulate(definition, {}, run)
    failing = {**tasks[0]["event"], "task": "failing", "input": {"fails": True}, "publish": False, "signals": []}
    if "stand_ins" in failing:
        failing["stand_ins"] = []
    for number in range(3):
        event = {**failing, "task": f"failing-{number}"}
        before = items()
        tasks.append({"event": event, "before": before, **attempt(event)})
    return {
        "at": int(time.time()),
        "tasks": tasks,
        "after": items(),
        "objects": objects(),
        "dead_letter": _letter(tasks[-1]["event"]),
    }


def _waiting_states(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in states.values():
        if state.get("Resource", "").endswith("updateItem.waitForTaskToken"):
            yield state
        for branch in state.get("Branches", ()):
            yield from _waiting_states(branch["States"])


def _wait(parameters: dict[str, Any]) -> None:
    """Leave a task token at a gate, as its state does."""
    name = parameters["Key"]["id"]["S.$"].rpartition(", '")[2].removesuffix("')")
    boto3.client("dynamodb").update_item(
        TableName="gates",
        Key={"id": {"S": f"arn:aws:states:us-east-1:123456789012:execution:simulated:0#{name}"}},
        ConditionExpression=parameters["ConditionExpression"],
        UpdateExpression=parameters["UpdateExpression"],
        ExpressionAttributeValues={
            key: {"S": "token"} if "S.$" in value else value
            for key, value in parameters["ExpressionAttributeValues"].items()
        },
    )


def _letter(event: dict[str, Any]) -> JsonValue:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    letter = DeadLetter(
        execution=event["execution"],
        state_machine="arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-recorded-work",
        status="FAILED",
        started=moment,
        stopped=moment,
        redrives=0,
        input={},
        error="RuntimeError",
        task=FailedTask(id=event["task"], execution=event["execution"], input=event, error="RuntimeError", attempts=1),
    )
    value: JsonValue = json.loads(json.dumps(letter.model_dump(mode="json")))
    return value
