"""Gates, barriers and the choice between them, on random graphs with random durations."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler.compile import compile_dag
from stepweave.compiler.jsonpath_dialect.reading import Purpose, purpose_of
from stepweave.compiler.limits import states_of
from stepweave.compiler.options import CompileOptions
from stepweave.graph.critical_path import critical_path_seconds
from stepweave.graph.dag import Dag
from stepweave.graph.decomposition import (
    Block,
    Gated,
    Leaf,
    Parallel,
    Series,
    decompose,
)
from stepweave.graph.gates import gate_primes
from stepweave.graph.lower_bound import least_states
from stepweave.graph.order import Order, members, order_of, restricted
from stepweave.graph.strategy import Strategy
from stepweave.simulator.simulation import Trace, simulate
from tests.properties.graphs import dag_of, dags, dependency_maps, series_parallel_maps

_INPUT: JsonValue = {"seed": 7}
_ROUNDING = 1e-6


def _run(dag: Dag, strategy: Strategy, seconds: dict[str, float], **options: Any) -> Trace:
    compiled = compile_dag(dag, CompileOptions(strategy, **options))
    return simulate(compiled.definition, _INPUT, lambda event, attempt: None, seconds, compiled.nested)


def _drawn(dag: Dag, data: st.DataObject) -> dict[str, float]:
    return {task.id: data.draw(st.sampled_from([0.0, 0.1, 1.0, 1.01, 2.0, 5.0, 30.0])) for task in dag.tasks}


@given(dags(), st.data())
def test_gates_run_in_the_critical_path_and_levels_no_faster(dag: Dag, data: st.DataObject) -> None:
    seconds = _drawn(dag, data)
    least = critical_path_seconds(dag.dependencies, seconds)
    assert abs(_run(dag, "gates", seconds).makespan - least) <= _ROUNDING
    assert _run(dag, "levels", seconds).makespan >= least - _ROUNDING


@given(dags(), st.data(), st.sampled_from([0.0, 0.02, 0.5]))
def test_auto_stays_within_the_tolerance_and_saves_transitions(dag: Dag, data: st.DataObject, tolerance: float) -> None:
    seconds = _drawn(dag, data)
    least = critical_path_seconds(dag.dependencies, seconds)
    auto = _run(dag, "auto", seconds, durations=seconds, tolerance=tolerance)
    assert auto.makespan <= least * (1 + tolerance) + _ROUNDING
    assert auto.transitions <= _run(dag, "gates", seconds).transitions


@given(dags(), st.data(), st.sampled_from([0.0, 0.02, 0.5]))
def test_auto_costs_no_more_than_levels_that_are_as_quick(dag: Dag, data: st.DataObject, tolerance: float) -> None:
    seconds = _drawn(dag, data)
    auto = _run(dag, "auto", seconds, durations=seconds, tolerance=tolerance)
    levels = _run(dag, "levels", seconds)
    if levels.makespan <= auto.makespan + _ROUNDING:
        assert auto.transitions <= levels.transitions


@given(series_parallel_maps(), st.sampled_from([[1.0], [1.0, 2.0], [0.0, 3.0]]), st.data())
def test_barriers_save_states_of_series_parallel_orders_too(
    edges: dict[str, dict[str, bool]], drawn: list[float], data: st.DataObject
) -> None:
    dag = dag_of(edges)
    seconds = {task: data.draw(st.sampled_from(drawn)) for task in edges}
    auto = _run(dag, "auto", seconds, durations=seconds, tolerance=0.0)
    levels = _run(dag, "levels", seconds)
    assert auto.transitions <= _run(dag, "gates", seconds).transitions
    assert auto.makespan <= critical_path_seconds(dag.dependencies, seconds) + _ROUNDING
    if levels.makespan <= auto.makespan + _ROUNDING:
        assert auto.transitions <= levels.transitions


@given(dags(), st.data())
def test_auto_never_guesses(dag: Dag, data: st.DataObject) -> None:
    """Whatever the durations that are not known turn out to be, the tolerance holds."""
    seconds = _drawn(dag, data)
    known = data.draw(st.frozensets(st.sampled_from(sorted(seconds))))
    durations = {task: seconds[task] for task in known}
    auto = _run(dag, "auto", seconds, durations=durations, tolerance=0.1)
    assert auto.makespan <= critical_path_seconds(dag.dependencies, seconds) * 1.1 + _ROUNDING


@given(dags())
def test_auto_is_gates_where_nothing_is_known(dag: Dag) -> None:
    assert compile_dag(dag).definition == compile_dag(dag, CompileOptions("gates")).definition


@given(dags(), st.sampled_from(["auto", "gates", "levels"]), st.data())
def test_every_strategy_keeps_every_dependency(dag: Dag, strategy: Strategy, data: st.DataObject) -> None:
    seconds = _drawn(dag, data)
    trace = _run(dag, strategy, seconds, durations=seconds, tolerance=0.3)
    assert trace.attempts == dict.fromkeys(dag.by_id, 1)
    for task in dag.tasks:
        assert all(trace.started[task.id] >= trace.ended[needed] for needed in task.dependencies)


@given(dags(), st.data())
def test_expected_durations_count_like_learned_ones(dag: Dag, data: st.DataObject) -> None:
    seconds = {task: took + 0.5 for task, took in _drawn(dag, data).items()}
    tasks = tuple(replace(task, expected=timedelta(seconds=seconds[task.id])) for task in dag.tasks)
    declared = compile_dag(replace(dag, tasks=tasks, tolerance=0.1))
    assert declared.definition == compile_dag(dag, CompileOptions(durations=seconds, tolerance=0.1)).definition


def _order(edges: dict[str, dict[str, bool]]) -> Order:
    return order_of({task: frozenset(needs) for task, needs in edges.items()})


def _extra_states(block: Block) -> int:
    match block:
        case Leaf():
            return 0
        case Gated(part):
            return 1 + _extra_states(part)
        case Series(parts):
            return sum(map(_extra_states, parts))
        case Parallel(parts):
            return 1 + sum(map(_extra_states, parts))
    raise AssertionError("a prime block was left")


def _before(block: Block, order: Order, before: int, found: dict[int, int]) -> int:
    """Find for each task what a block's shape and gates put before it; return all that has ended after the block."""
    match block:
        case Leaf(task):
            found[task] = before
            return before | 1 << task
        case Gated(part, awaited):
            for task in members(awaited):
                before |= order.before[task] | 1 << task
            return _before(part, order, before, found)
        case Series(parts):
            for part in parts:
                before = _before(part, order, before, found)
            return before
        case Parallel(parts):
            ended = 0
            for part in parts:
                ended |= _before(part, order, before, found)
            return ended
    raise AssertionError("a prime block was left")


@given(dependency_maps(max_tasks=20))
def test_gates_and_shape_say_exactly_the_order(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    found: dict[int, int] = {}
    _before(gate_primes(order, decompose(order)), order, 0, found)
    assert [found[task] for task in range(len(order.tasks))] == list(order.before)


@given(dependency_maps(max_tasks=20))
def test_no_state_machine_without_needless_waiting_beats_the_bound(edges: dict[str, dict[str, bool]]) -> None:
    order = _order(edges)
    assert _extra_states(gate_primes(order, decompose(order))) >= least_states(order)


@given(dependency_maps(max_tasks=9), st.data())
def test_a_part_of_an_order_keeps_its_relations(edges: dict[str, dict[str, bool]], data: st.DataObject) -> None:
    order = _order(edges)
    kept = sorted(data.draw(st.frozensets(st.integers(0, len(order.tasks) - 1), min_size=1)))
    inside = restricted(order, sum(1 << task for task in kept))
    for one, task in enumerate(kept):
        assert inside.tasks[one] == order.tasks[task]
        assert {kept[other] for other in members(inside.before[one])} == set(members(order.before[task])) & set(kept)


@given(dags(max_tasks=8))
def test_levels_need_neither_gates_nor_choices(dag: Dag) -> None:
    states = states_of(
        compile_dag(
            replace(dag, tasks=tuple(replace(task, optional=False) for task in dag.tasks)), CompileOptions("levels")
        ).definition
    )
    purposes = Counter(map(purpose_of, states.values()))
    assert set(purposes) <= {Purpose.ADMISSION, Purpose.AGENT, Purpose.PARALLEL}
    assert purposes[Purpose.AGENT] == len(dag.tasks)
