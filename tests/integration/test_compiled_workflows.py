"""What the compiler emits, run by the local engine with real handlers: any graph, in one execution and cut into many.

The reference is what the graph itself says: who ran, in which order, on whose results, and what came out.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from stacks.node import use_packaged_node

use_packaged_node()

from lambdas.replayer.contract import ReplayResult, replayer  # noqa: E402
from lambdas.replayer.lineage import lineage  # noqa: E402
from scripts.local_cloud.cloud import LocalCloud  # noqa: E402
from stacks.application import add_stacks, create_app  # noqa: E402
from state_machines.compiler import compile as stages  # noqa: E402
from state_machines.compiler.compile import CompiledWorkflow, compile_dag  # noqa: E402
from state_machines.compiler.limits import states_of  # noqa: E402
from state_machines.compiler.partition import Weight  # noqa: E402
from state_machines.graph.arguments import Constant, ListOf, ResultOf  # noqa: E402
from state_machines.graph.dag import Dag, Task  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Execute = Callable[[CompiledWorkflow], "Execution"]
ROLE = "arn:aws:iam::123456789012:role/any"


def _dag(name: str, needs: dict[str, list[str]], result: str) -> Dag:
    tasks = tuple(
        Task(
            task,
            replayer,
            (("seconds", Constant(0.01)), ("dependencies", ListOf(tuple(ResultOf(need) for need in needed)))),
        )
        for task, needed in needs.items()
    )
    return Dag(name, "A random workflow", (), tasks, result, timedelta(minutes=2))


def _random(seed: int) -> Dag:
    chance = random.Random(seed)
    count = chance.randint(4, 26)
    most = chance.choice([1, 2, 3])
    needs = {
        f"t{number}": [
            f"t{other}" for other in sorted(chance.sample(range(number), min(number, chance.randint(0, most))))
        ]
        for number in range(count)
    }
    return _dag(f"random-{seed}", needs, f"t{count - 1}")


class Execution:
    """What a finished execution, its nested ones included, did."""

    def __init__(self, status: str, error: str, output: str, events: list[dict[str, object]]) -> None:
        self.status = status
        self.error = error
        self.output = output
        self.results = [
            ReplayResult.model_validate_json(event["lambdaFunctionSucceededEventDetails"]["output"])  # type: ignore[index]
            for event in events
            if event["type"] == "LambdaFunctionSucceeded"
        ]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the real storage and the real replayer."""
    folder: Path = tmp_path_factory.mktemp("assembly")
    app = create_app(folder)
    crossing = {"a": [], "b": [], "c": ["a"], "d": ["a", "b"]}
    add_stacks(app, [compile_dag(_dag("crossing", crossing, "d"))])
    app.synth()
    with LocalCloud.start() as cloud:
        cloud.deploy(folder)
        yield cloud


@pytest.fixture(scope="module")
def execute(cloud: LocalCloud) -> Execute:
    """Runs a compiled workflow: the functions and tables are the deployed ones, the state machines are made anew."""
    client = cloud.session().client("stepfunctions")
    tables = cloud.session().client("dynamodb").list_tables()["TableNames"]
    substitutions = {
        "agent_replayer": "arn:aws:lambda:us-east-1:123456789012:function:stepweave-replayer",
        "gates_table": next(table for table in tables if "Gates" in table),
    }

    def run(workflow: CompiledWorkflow) -> Execution:
        definitions = {workflow.name: workflow.definition, **workflow.nested}
        names = {key: f"{workflow.name}-{key}-{time.monotonic_ns()}".replace("_", "-") for key in definitions}
        arns = {key: f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}" for key, name in names.items()}
        for key, definition in definitions.items():
            text = json.dumps(definition)
            for name, value in {**substitutions, **arns}.items():
                text = text.replace(f"${{{name}}}", value)
            client.create_state_machine(name=names[key], definition=text, roleArn=ROLE)
        main = client.start_execution(stateMachineArn=arns[workflow.name], input="{}")["executionArn"]
        while (description := client.describe_execution(executionArn=main))["status"] == "RUNNING":
            time.sleep(0.02)
        return Execution(
            description["status"],
            description.get("error", ""),
            description.get("output") or description.get("cause", ""),
            [event for arn in arns.values() for event in _events(client, arn)],
        )

    return run


def _events(client: SFNClient, machine: str) -> Iterator[dict[str, object]]:
    for execution in client.list_executions(stateMachineArn=machine)["executions"]:
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
        for page in pages:
            yield from page["events"]  # type: ignore[misc]


def _check(dag: Dag, execution: Execution) -> None:
    assert execution.status == "SUCCEEDED", execution.output
    assert sorted(result.task for result in execution.results) == sorted(dag.by_id)
    results = {result.task: result for result in execution.results}
    for task in dag.tasks:
        needs = [results[need] for need in sorted(task.uses, key=lambda need: int(need[1:]))]
        assert results[task.id].lineage == lineage(task.id, [need.model_dump() for need in needs])
        for need in needs:
            assert results[task.id].started >= need.finished
    assert dag.result is not None
    assert json.loads(execution.output) == results[dag.result].model_dump()


@pytest.mark.parametrize("seed", range(12))
def test_a_random_graph_runs_as_it_says(execute: Execute, seed: int) -> None:
    dag = _random(seed)
    _check(dag, execute(compile_dag(dag)))


def test_some_of_the_random_graphs_have_gates() -> None:
    definitions = [compile_dag(_random(seed)).definition for seed in range(12)]
    gated = [
        any("waitForTaskToken" in state.get("Resource", "") for state in states_of(definition).values())
        for definition in definitions
    ]
    assert 4 <= sum(gated) < 12


@pytest.mark.parametrize("seed", range(4))
def test_a_graph_that_is_cut_runs_as_it_says(execute: Execute, seed: int) -> None:
    dag = _random(100 + seed)
    with mock.patch.object(stages, "_ROOM", Weight(6000, 300)):
        compiled = compile_dag(dag)
    assert compiled.nested
    _check(dag, execute(compiled))


def test_a_nested_execution_that_fails_fails_the_whole_under_its_own_name(execute: Execute) -> None:
    tasks = tuple(
        Task(f"t{number}", replayer, (("seconds", Constant(0.0)), ("dependencies", Constant(["x" * 1500]))))
        for number in range(8)
    )
    broken = Task("broken", replayer, (("seconds", Constant("no number")),))
    dag = Dag("breaks", "A task is given what it does not take", (), (*tasks, broken), None, timedelta(minutes=2))
    with mock.patch.object(stages, "_ROOM", Weight(6000, 300)):
        compiled = compile_dag(dag)
    assert compiled.nested
    execution = execute(compiled)
    assert execution.status == "FAILED"
    assert execution.error in {"States.TaskFailed", "InvalidInputError"}
