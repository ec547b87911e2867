"""What the emitted state machine does, against what the graph asks for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.compiler.budget import widest
from state_machines.compiler.compile import compile_dag
from state_machines.compiler.dataflow import dataflow
from state_machines.compiler.limits import history_events
from state_machines.compiler.schedule import schedule
from state_machines.graph.arguments import results_in
from state_machines.graph.dag import Dag
from state_machines.graph.decomposition import decompose
from state_machines.graph.order import order_of
from tests.properties.asl_interpreter import Interpreter, TaskError
from tests.properties.graphs import dag_of, dags, series_parallel_maps

INPUT = {"seed": 7}


def _result(task: str) -> dict[str, str]:
    return {"made_by": task}


def _critical_path(dag: Dag, seconds: dict[str, float]) -> float:
    ends: dict[str, float] = {}
    for task in order_of(dag.dependencies).tasks:
        ends[task] = seconds[task] + max((ends[needed] for needed in dag.dependencies[task]), default=0.0)
    return max(ends.values())


def _seconds(dag: Dag, data: st.DataObject) -> dict[str, float]:
    return {task.id: float(data.draw(st.integers(1, 9))) for task in dag.tasks}


@given(dags(), st.data())
def test_every_task_runs_once_after_its_dependencies_on_their_results(dag: Dag, data: st.DataObject) -> None:
    failing = data.draw(st.frozensets(st.sampled_from(sorted(dag.by_id)))) & {
        task.id for task in dag.tasks if task.optional
    }

    def run_task(event: Any) -> Any:
        if event["task"] in failing:
            raise TaskError(f"no {event['task']}")
        return _result(event["task"])

    run = Interpreter(run_task, _seconds(dag, data))
    output, _ = run.run(compile_dag(dag).definition, INPUT)

    assert set(run.started) == set(dag.by_id)
    expected = {
        task: {"Error": f"no {task}", "Cause": "told to"} if task in failing else _result(task) for task in dag.by_id
    }
    for task in dag.tasks:
        given_results = [expected[needed] for needed in results_in(dict(task.arguments)["given"])]
        assert run.events[task.id]["input"] == {"seed": 7, "given": given_results}
        assert run.events[task.id]["execution"] == "arn:execution"
        for needed in task.dependencies:
            assert run.started[task.id] >= run.ended[needed]
    assert output == (expected[dag.result] if dag.result else {})


@given(dags())
def test_no_document_holds_more_results_than_were_budgeted(dag: Dag) -> None:
    order = order_of(dag.dependencies)
    most = widest(dataflow(dag, schedule(order, decompose(order))))
    run = Interpreter(lambda event: _result(event["task"]))
    run.run(compile_dag(dag).definition, INPUT)
    for document in run.documents:
        assert json.dumps(document).count("made_by") <= most


@given(series_parallel_maps(), st.data())
def test_a_series_parallel_graph_runs_in_its_critical_path_at_one_transition_per_task_and_parallel(
    edges: dict[str, dict[str, bool]], data: st.DataObject
) -> None:
    dag = dag_of(edges)
    seconds = _seconds(dag, data)
    definition = compile_dag(dag).definition
    run = Interpreter(lambda event: _result(event["task"]), seconds)
    _, makespan = run.run(definition, INPUT)
    assert makespan == _critical_path(dag, seconds)
    assert run.transitions == len(dag.tasks) + json.dumps(definition).count('"Parallel"')


@given(dags())
def test_state_names_are_unique_short_and_the_tasks_own(dag: Dag) -> None:
    names: list[str] = []

    def collect(branch: Any) -> None:
        for name, state in branch["States"].items():
            names.append(name)
            for inner in state.get("Branches", ()):
                collect(inner)

    definition = compile_dag(dag).definition
    collect(definition)
    assert len(set(names)) == len(names)
    assert set(dag.by_id) <= set(names)
    assert max(map(len, names)) <= 80
    assert history_events(dag, definition) >= 5 * len(dag.tasks) + 2


@pytest.mark.parametrize("width", [2, 60])
def test_a_result_that_only_the_end_needs_does_not_make_the_payload_grow(width: int) -> None:
    """A long chain with one result kept throughout carries two results at any time, however long it is."""
    edges: dict[str, dict[str, bool]] = {"t0": {}}
    for number in range(1, width):
        edges[f"t{number}"] = {f"t{number - 1}": True}
    edges["last"] = {"t0": True, f"t{width - 1}": True}
    run = Interpreter(lambda event: _result(event["task"]))
    run.run(compile_dag(dag_of(edges, result="last")).definition, INPUT)
    assert max(json.dumps(document).count("made_by") for document in run.documents) <= 2
