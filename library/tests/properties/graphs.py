"""Random workflows for property tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker
from stepweave.graph.arguments import ListOf, ResultOf, WorkflowInput
from stepweave.graph.dag import ControlEdge, Dag, Task
from stepweave.graph.inputs import Input


class Work(BaseModel):
    given: list[object] = []
    seed: int = 0


worker = Agent(name="worker", input=Work, output=Work)


guarded = replace(worker, name="guarded", breaker=Breaker("service"))


def dag_of(
    dependencies: dict[str, dict[str, bool]],
    optional: frozenset[str] = frozenset(),
    result: str | None = None,
    fallbacks: Mapping[str, int] = MappingProxyType({}),
    agents: Mapping[str, Agent[Any, Any]] = MappingProxyType({}),
) -> Dag:
    """Make a workflow of which every task is given the results of its data dependencies as a list.

    Parameters
    ----------
    dependencies : dict
        For each task the tasks it depends on, and whether it uses their result.
    optional : frozenset of str
        The tasks without which the workflow goes on.
    result : str | None
        The task whose result is the workflow's.
    fallbacks : Mapping[str, int]
        How many fallbacks a task has, one behind the other. They are given all results that it waits for.
    agents : Mapping[str, Agent]
        The agents of tasks, by id, where it is not `worker`.
    """

    def task(name: str, needs: dict[str, bool], left: int, number: int = 0) -> Task:
        return Task(
            id=f"{name}-{number}" if number else name,
            agent=agents.get(name, worker),
            arguments=(
                ("seed", WorkflowInput("seed")),
                ("given", ListOf(tuple(ResultOf(needed) for needed, data in needs.items() if data or number))),
            ),
            after=() if number else tuple(ControlEdge(needed) for needed, data in needs.items() if not data),
            optional=name in optional and not number,
            fallback=task(name, needs, left - 1, number + 1) if left else None,
        )

    tasks = tuple(task(name, needs, fallbacks.get(name, 0)) for name, needs in dependencies.items())
    return Dag("random", "A random workflow", (Input("seed"),), tasks, result, timedelta(hours=1))


@st.composite
def dependency_maps(draw: st.DrawFn, max_tasks: int = 14) -> dict[str, dict[str, bool]]:
    """Draw a graph: for each task the earlier tasks that it depends on, and whether it uses their result."""
    count = draw(st.integers(1, max_tasks))
    density = draw(st.sampled_from([0.05, 0.15, 0.3, 0.6]))
    edge = st.floats(0, 1).map(lambda number: number < density)
    names = [f"t{number}" for number in range(count)]
    edges = {
        name: {earlier: draw(st.booleans()) for earlier in names[:position] if draw(edge)}
        for position, name in enumerate(names)
    }
    order = draw(st.permutations(names))
    return {name: edges[name] for name in order}


@st.composite
def dags(draw: st.DrawFn, max_tasks: int = 14, guarded_tasks: bool = False) -> Dag:
    """Draw a workflow, some tasks of which may be optional.

    With `guarded_tasks` some may also have fallbacks, and some a circuit breaker.
    """
    edges = draw(dependency_maps(max_tasks))
    names = st.sampled_from(sorted(edges))
    optional = draw(st.frozensets(names, max_size=len(edges) // 2))
    result = draw(st.none() | names)
    if not guarded_tasks:
        return dag_of(edges, optional, result)
    fallbacks = draw(st.dictionaries(names, st.integers(1, 2), max_size=len(edges) // 3))
    agents = dict.fromkeys(draw(st.frozensets(names, max_size=len(edges) // 2)), guarded)
    return dag_of(edges, optional, result, fallbacks, agents)


@st.composite
def series_parallel_maps(draw: st.DrawFn, max_tasks: int = 20) -> dict[str, dict[str, bool]]:
    """Draw a graph whose order is series-parallel, by composing smaller ones."""
    blocks: list[dict[str, dict[str, bool]]] = [{f"t{number}": {}} for number in range(draw(st.integers(1, max_tasks)))]
    while len(blocks) > 1:
        first = blocks.pop(draw(st.integers(0, len(blocks) - 1)))
        second = blocks.pop(draw(st.integers(0, len(blocks) - 1)))
        if draw(st.booleans()):
            second = {
                task: needs or {earlier: draw(st.booleans()) for earlier in _sinks(first)}
                for task, needs in second.items()
            }
        blocks.append(first | second)
    return blocks[0]


def _sinks(block: dict[str, dict[str, bool]]) -> list[str]:
    used = {needed for needs in block.values() for needed in needs}
    return [task for task in block if task not in used]
