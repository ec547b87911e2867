"""Random workflows for property tests."""

from datetime import timedelta

from hypothesis import strategies as st
from pydantic import BaseModel

from lambdas.contract.agent import Agent
from state_machines.graph.arguments import ListOf, ResultOf, WorkflowInput
from state_machines.graph.dag import ControlEdge, Dag, Task


class Work(BaseModel):
    given: list[object] = []
    seed: int = 0


worker = Agent(name="worker", input=Work, output=Work)


def dag_of(
    dependencies: dict[str, dict[str, bool]], optional: frozenset[str] = frozenset(), result: str | None = None
) -> Dag:
    """Make a workflow of which every task is given the results of its data dependencies as a list.

    Parameters
    ----------
    dependencies : dict
        For each task the tasks it depends on, and whether it uses their result.
    """
    tasks = tuple(
        Task(
            id=task,
            agent=worker,
            arguments=(
                ("seed", WorkflowInput("seed")),
                ("given", ListOf(tuple(ResultOf(needed) for needed, data in needs.items() if data))),
            ),
            after=tuple(ControlEdge(needed) for needed, data in needs.items() if not data),
            optional=task in optional,
        )
        for task, needs in dependencies.items()
    )
    return Dag("random", "A random workflow", ("seed",), tasks, result, timedelta(hours=1))


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
def dags(draw: st.DrawFn, max_tasks: int = 14) -> Dag:
    """Draw a workflow, some tasks of which may be optional."""
    edges = draw(dependency_maps(max_tasks))
    optional = draw(st.frozensets(st.sampled_from(sorted(edges)), max_size=len(edges) // 2))
    result = draw(st.none() | st.sampled_from(sorted(edges)))
    return dag_of(edges, optional, result)


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
