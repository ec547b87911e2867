"""What a plan says of graphs whose figures can be counted by hand."""

import pytest

from stepweave.compiler.compile import compile_by_strategy, compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.graph.strategy import STRATEGIES, Strategy
from stepweave.planning.plan import plan
from tests.properties.graphs import dag_of

N_SHAPE = {"a": {}, "b": {}, "c": {"a": True}, "d": {"a": True, "b": True}}
FIELDS = {
    "tasks",
    "edges",
    "series_parallel",
    "critical_path_seconds",
    "makespan_seconds",
    "levels_makespan_seconds",
    "gates",
    "states",
    "transitions",
    "history_events",
    "definition_bytes",
    "peak_payload_bytes",
    "executions",
    "strategies",
}


def test_a_plan_of_an_n() -> None:
    made = plan(dag_of(N_SHAPE), CompileOptions("gates", {"a": 1.0, "b": 4.0, "c": 5.0, "d": 2.0}))
    said = made.to_json()
    assert set(said) == FIELDS
    assert (said["tasks"], said["edges"], said["series_parallel"]) == (4, 3, False)
    assert (said["critical_path_seconds"], said["makespan_seconds"], said["levels_makespan_seconds"]) == (6.0, 6.0, 9.0)
    assert (said["gates"], said["states"], said["transitions"], said["executions"]) == (1, 7, 7, 1)
    # two events of the execution, two and two of the Parallel, five of each task and of the admission, six of the gate
    assert said["history_events"] == 2 + 4 + (4 + 1) * 5 + 6
    assert set(said["strategies"]) == {"auto", "gates", "levels"}
    assert said["strategies"]["gates"]["transitions"] == said["transitions"]
    assert said["strategies"]["levels"]["gates"] == 0
    assert made.unknown == ()


def test_unknown_durations_count_for_a_second_and_are_named() -> None:
    made = plan(dag_of(N_SHAPE), CompileOptions(durations={"a": 3.0}))
    assert made.critical_path_seconds == 4.0
    assert made.unknown == ("b", "c", "d")
    assert made.strategies["auto"] == made.strategies["gates"]


@pytest.mark.parametrize("tasks", [1, 10])
def test_the_peak_payload_is_that_of_the_largest_results(tasks: int) -> None:
    edges: dict[str, dict[str, bool]] = {f"t{number}": {} for number in range(tasks)}
    peak = plan(dag_of({**edges, "last": dict.fromkeys(edges, True)})).chosen.peak_payload_bytes
    assert 120 * 1024 < peak < 256 * 1024


def test_a_sequence_needs_nothing_but_its_tasks() -> None:
    made = plan(dag_of({"a": {}, "b": {"a": True}}))
    assert made.series_parallel
    assert made.chosen.transitions == made.chosen.states == 3  # with the one that admits the input


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_is_compiled_as_it_is_alone(strategy: Strategy) -> None:
    options = CompileOptions(strategy, {"a": 1.0, "b": 4.0, "c": 5.0, "d": 2.0})
    assert compile_by_strategy(dag_of(N_SHAPE), options)[strategy] == compile_dag(dag_of(N_SHAPE), options)


def test_strategies_that_come_to_the_same_are_compiled_and_simulated_once() -> None:
    chain = {"a": {}, "b": {"a": True}, "c": {"b": True}}
    assert len({id(each) for each in compile_by_strategy(dag_of(chain), CompileOptions()).values()}) == 1
    assert len({id(each) for each in compile_by_strategy(dag_of(N_SHAPE), CompileOptions()).values()}) == 2
    assert len({id(each) for each in plan(dag_of(N_SHAPE)).strategies.values()}) == 2
