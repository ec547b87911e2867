"""From a graph to a state machine, stage by stage."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lambdas.contract.agent import Agent
from state_machines.compiler.asl import Definition
from state_machines.compiler.budget import result_limit
from state_machines.compiler.dataflow import dataflow
from state_machines.compiler.jsonpath_dialect.states import emit
from state_machines.compiler.limits import check_limits
from state_machines.compiler.schedule import schedule
from state_machines.graph.dag import Dag
from state_machines.graph.decomposition import decompose
from state_machines.graph.gates import gate_primes
from state_machines.graph.order import members, order_of
from state_machines.graph.validate import validate
from state_machines.language.workflow import Workflow


@dataclass(frozen=True)
class CompiledWorkflow:
    """A workflow as a state machine.

    Parameters
    ----------
    dag : Dag
        The graph that was compiled.
    definition : Definition
        The state machine in Amazon States Language. Functions are named by substitution: ``${agent_linter}``
        stands for the ARN of the linter's function.
    """

    dag: Dag
    definition: Definition

    @property
    def name(self) -> str:
        """The workflow's name, for example ``code-review``."""
        return self.dag.name

    @property
    def agents(self) -> tuple[Agent[Any, Any], ...]:
        """The contracts of the agents that it calls, by name."""
        used = {task.agent.name: task.agent for task in self.dag.tasks}
        return tuple(used[name] for name in sorted(used))

    def to_json(self) -> str:
        """Return the definition as JSON text for people, ending with a newline."""
        return json.dumps(self.definition, indent=2) + "\n"


def compile_workflow(workflow: Workflow) -> CompiledWorkflow:
    """Trace a workflow function and compile its graph.

    Raises
    ------
    WorkflowError
        If the workflow cannot be built: what is wrong, where, and what to do.
    """
    return compile_dag(workflow.trace())


def compile_dag(dag: Dag) -> CompiledWorkflow:
    """Compile a graph to a state machine.

    Raises
    ------
    WorkflowError
        If the graph is not valid or does not fit the limits of Step Functions.
    """
    validate(dag)
    order = order_of(dag.dependencies)
    waits_for = {
        task: tuple(order.tasks[needed] for needed in members(direct))
        for task, direct in zip(order.tasks, order.direct, strict=True)
    }
    program = dataflow(dag, schedule(order, gate_primes(order, decompose(order))))
    definition = emit(dag, program, waits_for, result_limit(program.flow))
    check_limits(dag, definition)
    return CompiledWorkflow(dag, definition)
