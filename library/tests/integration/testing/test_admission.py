"""Executions are admitted before any agent runs: wherever they were started, whatever they were started with."""

from __future__ import annotations

import json
import secrets
import time
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field, JsonValue

from stepweave.compiler.payload_budget import PAYLOAD_QUOTA
from stepweave.contract.json_values import json_bytes
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.functions.replayer.lineage import lineage
from stepweave.language.workflow import workflow
from stepweave.testing.local_backend import LocalBackend


class Order(BaseModel):
    order_id: int = Field(alias="orderId")
    text: str = ""


@workflow(timeout=timedelta(minutes=5))
def admits(order: Order, depth: int = 3) -> ReplayResult:
    first = [replayer(f"first{number}", dependencies=[order, depth]) for number in range(3)]
    return replayer("last", dependencies=[order, *first])


@workflow(timeout=timedelta(minutes=5))
def takes_nothing() -> ReplayResult:
    return replayer("last", dependencies=[replayer("first").optional()])


def _start(cloud: LocalBackend, given: str) -> Any:
    """Start an execution as the console does, which asks for nothing but JSON."""
    cloud.deploy(admits)
    client = cloud.client("stepfunctions")
    arn = client.start_execution(
        stateMachineArn=cloud.state_machine_arn("admits"), name=f"t-{secrets.token_hex(6)}", input=given
    )["executionArn"]
    while (described := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.02)
    return described


def _lineage(order: JsonValue, depth: int) -> str:
    given: list[JsonValue] = [{"lineage": lineage(f"first{number}", [order, depth])} for number in range(3)]
    return lineage("last", [order, *given])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{}", "input 'order' is missing"),
        ('{"order": {"orderId": "one"}}', "input 'order.orderId': 'one' is not of type 'integer'"),
        ('{"order": {"orderId": 1}, "depth": "x"}', "input 'depth': 'x' is not of type 'integer'"),
        ("[]", "must be a JSON object"),
    ],
)
def test_what_does_not_fit_fails_before_any_agent(local_cloud: LocalBackend, given: str, said: str) -> None:
    ended = _start(local_cloud, given)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert said in json.loads(ended["cause"])["errorMessage"]
    assert local_cloud.agent(replayer).calls == 0


def test_defaults_apply_wherever_it_was_started(local_cloud: LocalBackend) -> None:
    order: JsonValue = {"orderId": 1}
    ended = _start(local_cloud, json.dumps({"order": order}))
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["lineage"] == _lineage(order, 3)
    assert local_cloud.run(admits, order=Order(orderId=1), depth=5).output["lineage"] == _lineage(  # type: ignore[index,call-overload]
        {"orderId": 1, "text": ""}, 5
    )


@pytest.mark.parametrize("sign", ["x", "日"])
def test_whatever_can_be_started_runs(local_cloud: LocalBackend, sign: str) -> None:
    order: dict[str, JsonValue] = {"orderId": 1, "text": ""}
    left = PAYLOAD_QUOTA - json_bytes({"order": order})
    count = len(sign.encode())
    order["text"] = sign * (left // count) + "x" * (left % count)
    text = json.dumps({"order": order}, ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) == PAYLOAD_QUOTA
    ended = _start(local_cloud, text)
    assert ended["status"] == "SUCCEEDED", (ended["error"], ended["cause"][:500])
    assert json.loads(ended["output"])["lineage"] == _lineage(order, 3)


def test_who_takes_nothing_may_be_given_anything(local_cloud: LocalBackend) -> None:
    local_cloud.agent(replayer, task="first").fails(error="Broken", message="x" * 5_000)
    run = local_cloud.run(takes_nothing)
    assert run.status == "SUCCEEDED", run.cause
    arn = local_cloud.state_machine_arn("takes-nothing")
    run = local_cloud.run(arn, anything="x" * (PAYLOAD_QUOTA - 15))
    assert run.status == "SUCCEEDED", (run.error, run.cause)


def test_a_test_sees_the_inputs_in_their_places(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(admits, order=Order(orderId=1, text="x" * 150_000))
    assert run.task("first0").input["dependencies"] == [{"orderId": 1, "text": "x" * 150_000}, 3]  # type: ignore[index,call-overload]
