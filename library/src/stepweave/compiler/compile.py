"""From a graph to a state machine, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from stepweave.compiler.asl import Definition
from stepweave.compiler.dataflow import dataflow
from stepweave.compiler.durations import known_durations
from stepweave.compiler.jsonpath_dialect.states import Emitted, emit
from stepweave.compiler.layout import schedule
from stepweave.compiler.learned_durations import with_learned
from stepweave.compiler.limits import (
    MAX_DEFINITION_BYTES,
    MAX_HISTORY_EVENTS,
    PLATFORM_EVENTS,
    check_limits,
    declared_events,
    definition_bytes,
    definition_text,
)
from stepweave.compiler.options import AS_DECLARED, CompileOptions
from stepweave.compiler.partition import Weight, partition, task_weights
from stepweave.compiler.recursion_limit import deep_recursion
from stepweave.contract.agent import Agent
from stepweave.graph.dag import Dag
from stepweave.graph.decomposition import Block, Gated, Leaf, Nested, Parallel, Prime, Series
from stepweave.graph.order import Order, members, order_of
from stepweave.graph.strategy import STRATEGIES, Arrangements, Strategy
from stepweave.graph.validate import validate
from stepweave.language.workflow import Workflow

_ROOM = Weight(MAX_DEFINITION_BYTES * 3 // 4, MAX_HISTORY_EVENTS * 9 // 10 - PLATFORM_EVENTS)
"""What an execution is filled with at the most: substitutions make the definition longer, and a redrive the history.
The events of the platform's errors have a room of their own."""


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
    nested : Mapping[str, Definition]
        The state machines of its nested executions by name. ``${nested_1}`` stands for the ARN of the first.
    """

    dag: Dag
    definition: Definition
    nested: Mapping[str, Definition]

    @property
    def name(self) -> str:
        """The workflow's name, for example ``code-review``."""
        return self.dag.name

    @property
    def agents(self) -> tuple[Agent[Any, Any], ...]:
        """The contracts of the agents that it calls, by name."""
        used = {task.agent.name: task.agent for task in self.dag.states}
        return tuple(used[name] for name in sorted(used))

    def to_json(self) -> str:
        """Return the definition as JSON text for people, ending with a newline."""
        return definition_text(self.definition)


def compile_workflow(workflow: Workflow, options: CompileOptions = AS_DECLARED) -> CompiledWorkflow:
    """Trace a workflow function and compile its graph.

    Durations that were learned from executions (``stepweave profile``) count, unless the options give some.

    Raises
    ------
    WorkflowError
        If the workflow cannot be built: what is wrong, where, and what to do.
    """
    return compile_dag(workflow.trace(), with_learned(workflow, options))


def compile_dag(dag: Dag, options: CompileOptions = AS_DECLARED) -> CompiledWorkflow:
    """Compile a graph to a state machine.

    Raises
    ------
    WorkflowError
        If the graph is not valid or does not fit the limits of Step Functions.
    """
    validate(dag)
    with deep_recursion():
        order = order_of(dag.dependencies)
        return _compile(dag, order, arrangements(dag, order, options).by(options.strategy))


def compile_by_strategy(dag: Dag, options: CompileOptions) -> Mapping[Strategy, CompiledWorkflow]:
    """Compile a graph with every strategy. Those that come to the same share one result.

    Raises
    ------
    WorkflowError
        If the graph is not valid or does not fit the limits of Step Functions.
    """
    validate(dag)
    compiled: dict[tuple[object, ...], CompiledWorkflow] = {}
    found: dict[Strategy, CompiledWorkflow] = {}
    with deep_recursion():
        order = order_of(dag.dependencies)
        arranged = arrangements(dag, order, options)
        for strategy in STRATEGIES:
            block = arranged.by(strategy)
            outline = tuple(_outline(block))
            if outline not in compiled:
                compiled[outline] = _compile(dag, order, block)
            found[strategy] = compiled[outline]
    return found


def arrangements(dag: Dag, order: Order, options: CompileOptions) -> Arrangements:
    """Return the ways in which the tasks of a graph can be arranged."""
    durations = known_durations(dag, options)
    seconds = {number: durations[task] for number, task in enumerate(order.tasks) if task in durations}
    return Arrangements(order, seconds, dag.tolerance if options.tolerance is None else options.tolerance)


def _outline(block: Block) -> Iterator[object]:
    """Yield what tells a block from others, without any nesting: tuples that nest deeply cannot be compared."""
    ahead: list[Block | str] = [block]
    while ahead:
        match ahead.pop():
            case str(end):
                yield end
            case Leaf(task):
                yield task
            case Gated(part, awaited):
                yield ("gate", awaited)
                ahead += ["end", part]
            case Nested(part):
                yield "nested"
                ahead += ["end", part]
            case Series(parts) | Parallel(parts) | Prime(parts) as nesting:
                yield type(nesting).__name__
                ahead += ["end", *reversed(parts)]
            case other:
                assert_never(other)


def _compile(dag: Dag, order: Order, block: Block) -> CompiledWorkflow:
    emitted = _emit(dag, order, block)
    if not _fits(emitted.main):
        taken = task_weights(emitted.main, dag.by_id, emitted.main["TimeoutSeconds"])
        weights = {position: taken[task] for position, task in enumerate(order.tasks)}
        emitted = _emit(dag, order, partition(block, weights, _ROOM))
    check_limits(f"workflow {dag.name!r}", emitted.main)
    for name, definition in emitted.nested.items():
        check_limits(f"{name} of workflow {dag.name!r}", definition)
    return CompiledWorkflow(dag, emitted.main, emitted.nested)


def _emit(dag: Dag, order: Order, block: Block) -> Emitted:
    waits_for = {
        task: tuple(order.tasks[needed] for needed in members(direct))
        for task, direct in zip(order.tasks, order.direct, strict=True)
    }
    program = dataflow(dag, schedule(order, block))
    return emit(dag, program, waits_for)


def _fits(definition: Definition) -> bool:
    return Weight(definition_bytes(definition), declared_events(definition)).share_of(_ROOM) <= 1
