"""The agents that the deployed workflows call, and what they need beyond their contracts for that."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lambdas.contract.agent import Agent
from stacks.errors import SynthesisError
from stacks.naming import nested_name
from state_machines.compiler.compile import CompiledWorkflow
from state_machines.compiler.jsonpath_dialect.gates import TABLE as GATES_TABLE


@dataclass(frozen=True)
class DeployedAgent:
    """An agent, and the workflows, nested parts among them, at whose gates it may have to arrive."""

    agent: Agent[Any, Any]
    gated_workflows: tuple[str, ...]


def has_gates(workflow: CompiledWorkflow) -> bool:
    """Tell whether a workflow's state machine uses the gates table."""
    return any(GATES_TABLE in json.dumps(definition) for definition in (workflow.definition, *workflow.nested.values()))


def deployed_agents(workflows: Iterable[CompiledWorkflow]) -> list[DeployedAgent]:
    """Return the agents of all workflows, by name.

    Raises
    ------
    SynthesisError
        If two agents have the same name.
    """
    agents: dict[str, Agent[Any, Any]] = {}
    gated: dict[str, list[str]] = {}
    for workflow in workflows:
        for agent in workflow.agents:
            if agents.setdefault(agent.name, agent) != agent:
                raise SynthesisError(
                    f"workflow {workflow.name} has another agent {agent.name!r} than the workflows before it; "
                    "two agents cannot share a function, so rename one"
                )
            if has_gates(workflow):
                nested = [nested_name(workflow.name, key) for key in workflow.nested]
                gated.setdefault(agent.name, []).extend([workflow.name, *nested])
    return [DeployedAgent(agents[name], tuple(gated.get(name, ()))) for name in sorted(agents)]
