"""What the compiler emits needs nothing that Step Functions Local lacks, but for what gates need."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from stepweave.compiler.compile import CompiledWorkflow, compile_dag, compile_workflow
from stepweave.compiler.options import CompileOptions
from stepweave.compiler.portability import features, lacking
from stepweave.functions.replayer.contract import replayer
from stepweave.graph.dag import ControlEdge, Dag, Task
from stepweave.project.catalog import workflows
from tests.properties.graphs import dags

LEVELS = CompileOptions(strategy="levels")

NEEDED_BY_GATES = {
    "resource aws-sdk:dynamodb:updateItem.waitForTaskToken",
    "resource aws-sdk:dynamodb:updateItem",
    "resource aws-sdk:dynamodb:getItem",
    "resource aws-sdk:dynamodb:putItem",
    "resource aws-sdk:sfn:sendTaskSuccess",
}


def lacks(compiled: CompiledWorkflow) -> set[str]:
    return {feature for each in (compiled.definition, *compiled.nested.values()) for feature in lacking(each)}


@pytest.mark.parametrize("name", sorted(workflows()))
def test_the_projects_workflows_can_be_run_there(name: str) -> None:
    assert lacks(compile_workflow(workflows()[name])) == set()


@given(dags(24))
def test_only_gates_need_what_it_lacks(dag: Dag) -> None:
    compiled = compile_dag(dag)
    assert lacks(compiled) <= NEEDED_BY_GATES
    if "waitForTaskToken" not in json.dumps(compiled.definition):
        assert lacks(compiled) == set()


@given(dags(24))
def test_any_graph_can_be_run_there_level_by_level(dag: Dag) -> None:
    assert lacks(compile_dag(dag, LEVELS)) == set()


def test_the_test_graphs_have_gates(task_with_gate: Dag) -> None:
    assert "resource aws-sdk:dynamodb:updateItem.waitForTaskToken" in lacks(compile_dag(task_with_gate))
    assert lacks(compile_dag(task_with_gate, LEVELS)) == set()


@pytest.fixture
def task_with_gate() -> Dag:
    """The smallest graph that is not series-parallel."""
    needs: dict[str, tuple[str, ...]] = {"a": (), "b": (), "c": ("a",), "d": ("a", "b")}
    tasks = tuple(
        Task(task, replayer, after=tuple(ControlEdge(one) for one in needed)) for task, needed in needs.items()
    )
    return Dag("n", "The N", (), tasks, "d", timedelta(minutes=1))


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
DISTRIBUTED = {**machine(b={"Type": "Succeed"}), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
RETRYING = machine(b={"Type": "Task", "Resource": LAMBDA, "Retry": [{"ErrorEquals": ["E"], "Soon": 1}], "End": True})


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (machine(a={"Type": "Task", "Resource": LAMBDA, "End": True}), []),
        (machine(a={"Type": "Task", "Resource": "${agent_linter}", "Assign": {"x": 1}, "End": True}), ["Task.Assign"]),
        ({**machine(a={"Type": "Succeed"}), "QueryLanguage": "JSONata"}, ["QueryLanguage"]),
        (
            machine(a={"Type": "Pass", "Output": {"deep": ["{% $states.input %}"]}, "End": True}),
            ["JSONata expressions", "Pass.Output"],
        ),
        (machine(a={"Type": "Pass", "Parameters": {"x.$": "States.Format('{}', $.a)"}, "End": True}), []),
        (
            machine(
                a={"Type": "Pass", "Parameters": {"x.$": "States.Format('States.No()', States.New(1))"}, "End": True}
            ),
            ["States.New"],
        ),
        (
            machine(a={"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": True}),
            ["resource http:invoke"],
        ),
        (machine(a={"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}), []),
        (
            machine(a={"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}),
            ["distributed Map"],
        ),
        (
            machine(a={"Type": "Parallel", "Branches": [RETRYING], "End": True}),
            ["Retry.Soon"],
        ),
    ],
)
def test_what_it_lacks_is_found_wherever_it_is(definition: dict[str, Any], expected: list[str]) -> None:
    assert lacking(definition) == expected


def test_features_name_functions_resources_and_fields() -> None:
    found = features(compile_workflow(workflows()["word-count"]).definition)
    assert {"Parallel", "Task", "resource function", "Retry.JitterStrategy", "Task.ResultSelector"} <= found
