"""What each strategy would make of a graph, so that the choice can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stepweave.compiler.compile import compile_by_strategy
from stepweave.compiler.durations import known_durations
from stepweave.compiler.options import AS_DECLARED, CompileOptions
from stepweave.compiler.recursion_limit import deep_recursion
from stepweave.graph.critical_path import critical_path_seconds
from stepweave.graph.dag import Dag
from stepweave.graph.decomposition import decompose
from stepweave.graph.gates import has_prime
from stepweave.graph.order import order_of
from stepweave.graph.strategy import Strategy
from stepweave.planning.prediction import Prediction, predict

ASSUMED_SECONDS = 1.0
"""What a task counts for of which no duration is known. No strategy relies on it."""


@dataclass(frozen=True)
class Plan:
    """What each strategy would make of a graph.

    Parameters
    ----------
    tasks, edges : int
        Tasks, and dependencies as they were written, redundant ones included.
    series_parallel : bool
        Whether sequences and parallels alone can say the order, so that no gate is needed.
    critical_path_seconds : float
        How long the longest chain of tasks takes: no schedule can be shorter.
    strategy : Strategy
        The one that was asked for.
    strategies : Mapping[Strategy, Prediction]
        What each of them comes to.
    unknown : tuple of str
        The tasks that were taken to last `ASSUMED_SECONDS`, because no duration is known.
    """

    tasks: int
    edges: int
    series_parallel: bool
    critical_path_seconds: float
    strategy: Strategy
    strategies: Mapping[Strategy, Prediction]
    unknown: tuple[str, ...]

    @property
    def chosen(self) -> Prediction:
        """What the strategy comes to that was asked for."""
        return self.strategies[self.strategy]

    def to_json(self) -> dict[str, Any]:
        """Return what ``stepweave plan --json`` prints."""
        chosen = asdict(self.chosen)
        return {
            "tasks": self.tasks,
            "edges": self.edges,
            "series_parallel": self.series_parallel,
            "critical_path_seconds": self.critical_path_seconds,
            "makespan_seconds": chosen.pop("makespan_seconds"),
            "levels_makespan_seconds": self.strategies["levels"].makespan_seconds,
            **chosen,
            "strategies": {strategy: asdict(prediction) for strategy, prediction in self.strategies.items()},
        }


def plan(dag: Dag, options: CompileOptions = AS_DECLARED) -> Plan:
    """Compile a graph with every strategy, and simulate what comes of it.

    Parameters
    ----------
    dag : Dag
        The graph.
    options : CompileOptions
        The durations that are known, the tolerance, and the strategy to report first.

    Raises
    ------
    WorkflowError
        If the graph is not valid or does not fit the limits of Step Functions.
    """
    compiled = compile_by_strategy(dag, options)
    known = known_durations(dag, options)
    seconds = {task.id: known.get(task.id, ASSUMED_SECONDS) for task in dag.tasks}
    with deep_recursion():
        # Strategies that come to the same are simulated once.
        predicted = {id(each): predict(each, seconds) for each in {id(one): one for one in compiled.values()}.values()}
        series_parallel = not has_prime(decompose(order_of(dag.dependencies)))
    return Plan(
        tasks=len(dag.tasks),
        edges=sum(map(len, dag.dependencies.values())),
        series_parallel=series_parallel,
        critical_path_seconds=critical_path_seconds(dag.dependencies, seconds),
        strategy=options.strategy,
        strategies={strategy: predicted[id(each)] for strategy, each in compiled.items()},
        unknown=tuple(task for task in seconds if task not in known),
    )
