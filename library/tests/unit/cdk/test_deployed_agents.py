"""Which agents are deployed, and which workflows use gates and breakers."""

from dataclasses import replace

from stepweave.cdk.deployed_agents import deployed_agents, has_breakers, has_gates
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.compiler.jsonpath_dialect.breakers import TABLE


def test_gates_are_seen_in_the_definition(compiled: list[CompiledWorkflow]) -> None:
    assert {workflow.name: has_gates(workflow) for workflow in compiled} == {
        "two-naps": False,
        "word-count": False,
        "crossing-naps": True,
        "guarded-nap": False,
    }


def test_breakers_are_seen_in_nested_definitions_too(compiled: list[CompiledWorkflow]) -> None:
    naps = next(workflow for workflow in compiled if workflow.name == "two-naps")
    assert not has_breakers(naps)
    commented = naps.definition.copy()
    commented["Comment"] = "writes to ${breakers_table}"
    assert not has_breakers(replace(naps, definition=commented))
    recording = naps.definition.copy()
    recording["States"] = {"record": {"Type": "Task", "Parameters": {"TableName": TABLE}}}
    assert has_breakers(replace(naps, definition=recording))
    assert has_breakers(replace(naps, nested={"nested_1": recording}))


def test_the_agents_of_all_workflows_are_united(compiled: list[CompiledWorkflow]) -> None:
    names = [agent.name for agent in deployed_agents(compiled)]
    assert names == sorted({agent.name for workflow in compiled for agent in workflow.agents})
