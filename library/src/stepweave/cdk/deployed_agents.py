"""The agents that the deployed workflows call, and what the state machines use besides them."""

from collections.abc import Iterable
from typing import Any

from stepweave.cdk.errors import SynthesisError
from stepweave.compiler.asl import definition_json
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.compiler.jsonpath_dialect.breakers import TABLE as BREAKERS_TABLE
from stepweave.compiler.jsonpath_dialect.gates import TABLE as GATES_TABLE
from stepweave.contract.agent import Agent


def has_gates(workflow: CompiledWorkflow) -> bool:
    """Tell whether a workflow's state machines use the gates table."""
    return _uses(workflow, GATES_TABLE)


def has_inputs(workflow: CompiledWorkflow) -> bool:
    """Tell whether a workflow's state machine has its inputs admitted."""
    return bool(workflow.dag.inputs)


def has_breakers(workflow: CompiledWorkflow) -> bool:
    """Tell whether a workflow's state machines record crashes in the breakers table."""
    return _uses(workflow, BREAKERS_TABLE)


def deployed_agents(workflows: Iterable[CompiledWorkflow]) -> list[Agent[Any, Any]]:
    """Return the agents of all workflows, by name.

    Raises
    ------
    SynthesisError
        If two agents have the same name.
    """
    agents: dict[str, Agent[Any, Any]] = {}
    for workflow in workflows:
        for agent in workflow.agents:
            if agents.setdefault(agent.name, agent) != agent:
                raise SynthesisError(
                    f"workflow {workflow.name} has another agent {agent.name!r} than the workflows before it; "
                    "two agents cannot share a function, so rename one"
                )
    return [agents[name] for name in sorted(agents)]


def _uses(workflow: CompiledWorkflow, substitution: str) -> bool:
    definitions = (workflow.definition, *workflow.nested.values())
    return any(substitution in definition_json(definition) for definition in definitions)
