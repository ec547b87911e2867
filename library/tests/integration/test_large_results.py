"""Sixty tasks that each return 200 KB: what travels are references, so that no state comes near its quota.

The agent is a real one, bundled like those of the project: it makes its text from its task's id, and checks what it is
given by the digests of what its dependencies must have made.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.platform import Platform, this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.command.run.reports import resolve_references
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.payload_budget import PAYLOAD_QUOTA
from stepweave.contract.agent import Agent
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.functions.replayer import lineage as lineage_module
from stepweave.functions.replayer.lineage import lineage
from stepweave.graph.arguments import ListOf, ResultOf
from stepweave.graph.dag import Dag, Task
from stepweave.local_client.process import LocalCloudProcess
from stepweave.project.settings import Project, require_project

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

BYTES = 200_000

CONTRACT = f"""
from pydantic import BaseModel, JsonValue

from stepweave.contract.agent import Agent

BYTES = {BYTES}


class BulkInput(BaseModel):
    dependencies: list[JsonValue] = []


class BulkResult(BaseModel):
    lineage: str
    given: dict[str, str]
    task: str
    text: str


bulk = Agent(name="bulk", input=BulkInput, output=BulkResult)
"""

HANDLER = """
import hashlib

from lambdas.bulk.contract import BYTES, BulkInput, BulkResult, bulk
from lambdas.bulk.lineage import lineage
from stepweave.runtime.agent_handler import agent_handler
from stepweave.runtime.context import TaskContext


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@agent_handler(bulk)
def handler(task: BulkInput, context: TaskContext) -> BulkResult:
    text = digest(context.task) * (BYTES // 64)
    given = {one["task"]: digest(one["text"]) for one in task.dependencies}
    return BulkResult(task=context.task, text=text, given=given, lineage=lineage(context.task, task.dependencies))
"""


def _needs() -> dict[str, list[str]]:
    """A fan-out and fan-in, two chains that cross, and one task that needs much of it: 60 tasks, some behind gates."""
    fan = {f"fan{number}": ["start"] for number in range(24)}
    left = {f"left{number}": [f"left{number - 1}"] if number else ["joined"] for number in range(16)}
    right = {f"right{number}": [f"right{number - 1}"] if number else ["start"] for number in range(17)}
    right["right8"].append("left4")
    left["left12"].append("right6")
    return {"start": [], **fan, "joined": list(fan), **left, **right, "end": ["left15", "right16", "start", *fan]}


NEEDS = _needs()


@pytest.fixture(scope="module")
def bulk_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project like this one, with one agent more."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(
        require_project().root / "lambdas", folder / "lambdas", ignore=shutil.ignore_patterns("__pycache__")
    )
    agent = folder / "lambdas" / "bulk"
    agent.mkdir()
    (agent / "__init__.py").touch()
    (agent / "contract.py").write_text(CONTRACT)
    (agent / "handler.py").write_text(HANDLER)
    shutil.copy(lineage_module.__file__, agent)
    return folder


@pytest.fixture(scope="module")
def workflow(bulk_project: Path) -> CompiledWorkflow:
    spec = importlib.util.spec_from_file_location("bulk_contract", bulk_project / "lambdas" / "bulk" / "contract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    agent = cast("Agent[Any, Any]", module.bulk)
    tasks = tuple(
        Task(task, agent, (("dependencies", ListOf(tuple(ResultOf(one) for one in needed))),))
        for task, needed in NEEDS.items()
    )
    return compile_dag(Dag("bulk", "Large results", (), tasks, "end", timedelta(minutes=4)))


@pytest.fixture(scope="module")
def cloud(
    workflow: CompiledWorkflow, bulk_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCloudProcess]:
    folder = tmp_path_factory.mktemp("assembly")
    app = create_app(folder, this_machine())
    add_stacks(app, [workflow], bundler=Bundler(Project(bulk_project, "stepweave"), Platform.native()))
    app.synth()
    with LocalCloudProcess() as cloud:
        cloud.deploy(folder)
        yield cloud


@pytest.fixture(scope="module")
def execution(cloud: LocalCloudProcess) -> dict[str, Any]:
    client = cloud.session().client("stepfunctions")
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:stepweave-bulk"
    arn = client.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    while (description := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.05)
    return dict(description)


def _events(client: SFNClient, arn: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [cast("dict[str, Any]", event) for page in pages for event in page["events"]]


def _payloads(events: list[dict[str, Any]]) -> list[str]:
    """All inputs and outputs in a history."""
    return [
        details[name]
        for event in events
        for key, details in event.items()
        if key.endswith("EventDetails")
        for name in ("input", "output", "parameters")
        if name in details
    ]


def _text(task: str) -> str:
    return hashlib.sha256(task.encode()).hexdigest() * (BYTES // 64)


def test_the_workflow_is_large_and_has_gates(workflow: CompiledWorkflow) -> None:
    assert len(NEEDS) == 60
    assert BYTES * len(NEEDS) > 40 * PAYLOAD_QUOTA
    assert "waitForTaskToken" in workflow.to_json()
    assert not workflow.nested


def test_it_succeeds_with_the_right_result(cloud: LocalCloudProcess, execution: dict[str, Any]) -> None:
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    result = resolve_references(cloud.session().client("s3"), json.loads(execution["output"]))
    lineages: dict[str, str] = {}
    for task in TopologicalSorter(NEEDS).static_order():
        lineages[task] = lineage(task, [{"lineage": lineages[one]} for one in NEEDS[task]])
    assert isinstance(result, dict)
    assert (result["task"], result["lineage"], result["text"]) == ("end", lineages["end"], _text("end"))
    assert result["given"] == {one: hashlib.sha256(_text(one).encode()).hexdigest() for one in NEEDS["end"]}


def test_every_result_travels_by_reference_far_below_the_quota(
    cloud: LocalCloudProcess, execution: dict[str, Any]
) -> None:
    events = _events(cloud.session().client("stepfunctions"), execution["executionArn"])
    returned = [
        json.loads(event["lambdaFunctionSucceededEventDetails"]["output"])
        for event in events
        if event["type"] == "LambdaFunctionSucceeded"
    ]
    assert [list(one) for one in returned] == [[REFERENCE_KEY]] * len(NEEDS)
    assert all(one[REFERENCE_KEY]["size"] > BYTES for one in returned)
    peak = max(len(payload.encode()) for payload in _payloads(events))
    assert peak < PAYLOAD_QUOTA / 4
    tasks = {one[REFERENCE_KEY]["key"].split("/")[3] for one in returned}
    assert tasks == set(NEEDS)
