"""Which agents are deployed, and which of them meet at gates."""

from lambdas.linter.contract import linter
from lambdas.replayer.contract import replayer
from stacks.deployed_agents import DeployedAgent, deployed_agents, has_gates
from state_machines.compiler.compile import CompiledWorkflow


def test_gates_are_seen_in_the_definition(compiled: list[CompiledWorkflow]) -> None:
    assert {workflow.name: has_gates(workflow) for workflow in compiled} == {
        "two-naps": False,
        "code-review": False,
        "crossing-naps": True,
    }


def test_agents_are_united_and_know_the_workflows_with_gates(compiled: list[CompiledWorkflow]) -> None:
    deployed = deployed_agents(compiled)
    assert [one.agent.name for one in deployed] == sorted({a.name for workflow in compiled for a in workflow.agents})
    assert DeployedAgent(linter, ("crossing-naps",)) in deployed
    assert DeployedAgent(replayer, ("crossing-naps",)) in deployed
    assert {one.gated_workflows for one in deployed if one.agent not in (linter, replayer)} == {()}
