"""What the compiler emits, run by AWS's own engine in Docker, with the real handlers of a local cloud.

Skipped, saying why, where there is no Docker: run it with ``make test-sfn-local``.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from scripts.stepfunctions_local.container import docker_problem, stepfunctions_local
from stepweave.cdk.platform import this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.compiler import compile as stages
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.compiler.partition import Weight
from stepweave.compiler.portability import lacking
from stepweave.functions.replayer.contract import replayer
from stepweave.functions.replayer.lineage import lineage
from stepweave.graph.arguments import Constant, ListOf, ResultOf
from stepweave.graph.dag import Dag, Task
from stepweave.local_client.process import LocalCloudProcess
from stepweave.local_client.session import LocalSession

pytestmark = pytest.mark.sfn_local

ROLE = "arn:aws:iam::123456789012:role/any"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:stepweave-replayer"
LEVELS = CompileOptions(strategy="levels")

Execute = Callable[[CompiledWorkflow], dict[str, Any]]


def _task(task: str, needed: list[str], seconds: object = 0.01, *, optional: bool = False) -> Task:
    dependencies = ListOf(tuple(ResultOf(need) for need in needed))
    arguments = (("seconds", Constant(seconds)), ("dependencies", dependencies))  # type: ignore[arg-type]
    return Task(task, replayer, arguments, optional=optional)


def _dag(tasks: list[Task]) -> Dag:
    return Dag("portable", "Runs anywhere", (), tuple(tasks), tasks[-1].id, timedelta(minutes=2))


def _random(seed: int) -> dict[str, list[str]]:
    chance = random.Random(seed)
    return {
        f"t{number}": [f"t{one}" for one in sorted(chance.sample(range(number), min(number, chance.randint(0, 3))))]
        for number in range(12)
    }


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudProcess]:
    """A local cloud with the replayer."""
    problem = docker_problem()
    if problem is not None:
        pytest.skip(f"Step Functions Local needs Docker: {problem}")
    folder: Path = tmp_path_factory.mktemp("assembly")
    app = create_app(folder, this_machine())
    add_stacks(app, [compile_dag(_dag([_task("only", [])]))])
    app.synth()
    with LocalCloudProcess() as cloud:
        cloud.deploy(folder)
        yield cloud


@pytest.fixture(scope="module")
def execute(cloud: LocalCloudProcess) -> Iterator[Execute]:
    with stepfunctions_local(cloud.endpoint_url) as endpoint:
        client = LocalSession(endpoint).client("stepfunctions")

        def run(workflow: CompiledWorkflow) -> dict[str, Any]:
            definitions = {"main": workflow.definition, **workflow.nested}
            assert [lacking(definition) for definition in definitions.values()] == [[]] * len(definitions)
            names = {key: f"{key}-{time.monotonic_ns()}".replace("_", "-") for key in definitions}
            arns = {key: f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}" for key, name in names.items()}
            for key, definition in definitions.items():
                text = json.dumps(definition)
                for name, value in {"agent_replayer": FUNCTION, **arns}.items():
                    text = text.replace(f"${{{name}}}", value)
                client.create_state_machine(name=names[key], definition=text, roleArn=ROLE)
            arn = client.start_execution(stateMachineArn=arns["main"], input="{}")["executionArn"]
            while (description := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
                time.sleep(0.1)
            return dict(description)

        yield run


def _check(description: dict[str, Any], needs: dict[str, list[str]]) -> None:
    assert description["status"] == "SUCCEEDED", description
    made: dict[str, str] = {}
    for task, needed in needs.items():
        made[task] = lineage(task, [{"lineage": made[one]} for one in needed])
    output = json.loads(description["output"])
    assert (output["task"], output["lineage"]) == (list(needs)[-1], made[list(needs)[-1]])


def test_a_chain_and_a_fan_run(execute: Execute) -> None:
    needs: dict[str, list[str]] = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": ["d"]}
    _check(execute(compile_dag(_dag([_task(*each) for each in needs.items()]))), needs)


@pytest.mark.parametrize("seed", range(4))
def test_any_graph_runs_level_by_level(execute: Execute, seed: int) -> None:
    needs = _random(seed)
    _check(execute(compile_dag(_dag([_task(*each) for each in needs.items()]), LEVELS)), needs)


def test_an_optional_task_that_fails_does_no_harm(execute: Execute) -> None:
    broken = _task("broken", [], "no number", optional=True)
    after = Task("after", replayer, (("dependencies", ListOf((ResultOf("broken"),))),))
    assert execute(compile_dag(_dag([broken, after])))["status"] == "SUCCEEDED"


def test_a_task_that_fails_fails_the_execution_under_its_error(execute: Execute) -> None:
    description = execute(compile_dag(_dag([_task("a", []), _task("broken", ["a"], "no number")])))
    assert (description["status"], description["error"]) == ("FAILED", "InvalidInputError")


def test_a_workflow_that_was_cut_runs(execute: Execute) -> None:
    needs: dict[str, list[str]] = {f"t{number}": [f"t{number - 1}"] if number else [] for number in range(12)}
    with mock.patch.object(stages, "_ROOM", Weight(6000, 300)):
        compiled = compile_dag(_dag([_task(*each) for each in needs.items()]))
    assert compiled.nested
    _check(execute(compiled), needs)
