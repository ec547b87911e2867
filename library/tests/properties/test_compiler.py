"""What the emitted state machine does, against what the graph asks for."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler.compile import compile_dag
from stepweave.compiler.dataflow import dataflow, widest
from stepweave.compiler.jsonpath_dialect.reading import Purpose, purpose_of
from stepweave.compiler.layout import schedule
from stepweave.compiler.limits import history_events, states_of
from stepweave.contract.event import TaskEvent
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.graph.arguments import results_in
from stepweave.graph.dag import Dag
from stepweave.graph.decomposition import decompose
from stepweave.graph.gates import gate_primes
from stepweave.graph.inputs import Input
from stepweave.graph.order import order_of
from stepweave.simulator.simulation import TaskError, Trace, simulate
from tests.properties.graphs import dag_of, dags, series_parallel_maps

INPUT: JsonValue = {"seed": 7}


def _result(event: TaskEvent, _attempt: int = 0) -> JsonValue:
    return {"made_by": event.task}


def _critical_path(dag: Dag, seconds: dict[str, float]) -> float:
    ends: dict[str, float] = {}
    for task in order_of(dag.dependencies).tasks:
        ends[task] = seconds[task] + max((ends[needed] for needed in dag.dependencies[task]), default=0.0)
    return max(ends.values())


def _seconds(dag: Dag, data: st.DataObject) -> dict[str, float]:
    return {task.id: float(data.draw(st.integers(1, 9))) for task in dag.tasks}


def _fetched(trace: Trace, value: Any, results: dict[str, Any]) -> Any:
    """Return an input as the agent sees it, published results fetched."""
    if isinstance(value, dict) and PUBLISHED_KEY in value:
        task = value[PUBLISHED_KEY]
        assert trace.events[task].publish
        return results[task]
    return value


@given(dags(), st.data())
def test_every_task_runs_once_after_its_dependencies_on_their_results(dag: Dag, data: st.DataObject) -> None:
    failing = data.draw(st.frozensets(st.sampled_from(sorted(dag.by_id)))) & {
        task.id for task in dag.tasks if task.optional
    }

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        if event.task in failing:
            raise TaskError("NoLuck", event.task)
        return _result(event)

    trace = simulate(compile_dag(dag).definition, INPUT, run, _seconds(dag, data))

    assert trace.attempts == dict.fromkeys(dag.by_id, 1)
    expected = {
        task: {"Error": "NoLuck", "Cause": task} if task in failing else {"made_by": task} for task in dag.by_id
    }
    for task in dag.tasks:
        event = trace.events[task.id]
        needs = list(results_in(dict(task.arguments)["given"]))
        assert event.input["seed"] == 7
        assert isinstance(event.input["given"], list)
        assert [_fetched(trace, value, expected) for value in event.input["given"]] == [
            expected[need] for need in needs
        ]
        for needed in task.dependencies:
            assert trace.started[task.id] >= trace.ended[needed]
    assert trace.output == (expected[dag.result] if dag.result else {})


@given(dags(), st.data())
def test_every_graph_runs_in_its_critical_path(dag: Dag, data: st.DataObject) -> None:
    seconds = _seconds(dag, data)
    definition = compile_dag(dag).definition
    trace = simulate(definition, INPUT, _result, seconds)
    assert trace.makespan == _critical_path(dag, seconds)
    assert trace.history_events <= history_events(definition)


@given(dags(), st.data())
def test_retries_delay_only_what_depends_on_them(dag: Dag, data: st.DataObject) -> None:
    slow = data.draw(st.sampled_from(sorted(dag.by_id)))

    def run(event: TaskEvent, attempt: int) -> JsonValue:
        if event.task == slow and attempt < 2:
            raise TaskError("TransientError")
        return _result(event)

    trace = simulate(compile_dag(dag).definition, INPUT, run)
    order = order_of(dag.dependencies)
    position = order.tasks.index(slow)
    for other, task in enumerate(order.tasks):
        waits = other == position or order.before[other] >> position & 1
        assert trace.ended[task] == (3.0 if waits else 0.0)  # the backoff: one second, then two
    assert trace.attempts[slow] == 3


@given(dags())
def test_no_document_holds_more_results_than_were_budgeted(dag: Dag) -> None:
    order = order_of(dag.dependencies)
    most = widest(dataflow(dag, schedule(order, gate_primes(order, decompose(order)))).flow)
    trace = simulate(compile_dag(dag).definition, INPUT, lambda event, attempt: "x" * 10_000)
    assert trace.peak_payload_bytes < max(1, most) * 10_100 + 10_000


@given(series_parallel_maps(), st.sampled_from([(), (Input("seed"),)]))
def test_a_series_parallel_graph_costs_one_transition_per_task_and_parallel_and_one_for_its_inputs(
    edges: dict[str, dict[str, bool]], inputs: tuple[Input, ...]
) -> None:
    dag = replace(dag_of(edges), inputs=inputs)
    if not inputs:
        dag = replace(dag, tasks=tuple(replace(task, arguments=task.arguments[1:]) for task in dag.tasks))
    definition = compile_dag(dag).definition
    trace = simulate(definition, INPUT, _result)
    purposes = Counter(map(purpose_of, states_of(definition).values()))
    assert trace.transitions == purposes.total()
    assert set(purposes) <= {Purpose.AGENT, Purpose.PARALLEL, Purpose.ADMISSION}
    assert purposes[Purpose.AGENT] == len(dag.tasks)
    assert purposes[Purpose.ADMISSION] == len(inputs)


@given(dags())
def test_state_names_are_unique_short_and_the_tasks_own(dag: Dag) -> None:
    definition = compile_dag(dag).definition
    names: list[str] = []

    def collect(branch: Any) -> None:
        for name, state in branch["States"].items():
            names.append(name)
            for inner in state.get("Branches", ()):
                collect(inner)

    collect(definition)
    assert len(set(names)) == len(names)
    assert set(dag.by_id) <= set(names)
    assert max(map(len, names)) <= 80


@pytest.mark.parametrize("width", [2, 60])
def test_a_result_that_only_the_end_needs_does_not_make_the_payload_grow(width: int) -> None:
    """A long chain with one result kept throughout carries two results at any time, however long it is."""
    edges: dict[str, dict[str, bool]] = {"t0": {}}
    for number in range(1, width):
        edges[f"t{number}"] = {f"t{number - 1}": True}
    edges["last"] = {"t0": True, f"t{width - 1}": True}
    definition = compile_dag(dag_of(edges, result="last")).definition
    trace = simulate(definition, INPUT, lambda event, attempt: "x" * 1000)
    assert trace.peak_payload_bytes < 3 * 1000  # two results and what goes with them, less than three results


@pytest.mark.parametrize("size", [1_000, 200_000])
def test_sixty_large_results_never_fill_the_payload(size: int) -> None:
    """The runtime sends a result over the limit by reference; what the states carry stays below the quota."""
    edges: dict[str, dict[str, bool]] = {f"t{number}": {} for number in range(60)}
    edges |= {f"u{number}": {f"t{number}": True, f"t{(number + 7) % 60}": True} for number in range(60)}
    edges["last"] = {**dict.fromkeys(list(edges)[:60], True), "u0": True}
    definition = compile_dag(dag_of(edges, result="last")).definition

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        return "x" * size if size + 2 <= event.result_limit_bytes else {"reference": "r" * 380}

    assert simulate(definition, INPUT, run).peak_payload_bytes < 256 * 1024


def test_results_that_would_crowd_a_document_are_fetched() -> None:
    edges: dict[str, dict[str, bool]] = {f"t{number}": {} for number in range(400)}
    edges["join"] = dict.fromkeys(list(edges), False)
    edges |= {f"u{number}": {"join": False, f"t{number}": True} for number in range(400)}
    definition = compile_dag(dag_of(edges)).definition
    trace = simulate(definition, INPUT, lambda event, attempt: "x" * (event.result_limit_bytes - 2))
    assert trace.peak_payload_bytes < 256 * 1024
    assert trace.events["t399"].publish
