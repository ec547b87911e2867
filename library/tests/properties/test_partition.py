"""Workflows that are cut into nested executions, here with little room, so that small graphs are cut too."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler import compile as stages
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.limits import definition_bytes, history_events, states_of
from stepweave.compiler.partition import Weight
from stepweave.contract.event import TaskEvent
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.graph.arguments import results_in
from stepweave.graph.dag import Dag
from stepweave.graph.order import order_of
from stepweave.simulator.simulation import TaskError, simulate
from tests.properties.graphs import dag_of, dags

INPUT: JsonValue = {"seed": 7}
ROOM = Weight(7000, 300)


def _cut(dag: Dag) -> CompiledWorkflow:
    with mock.patch.object(stages, "_ROOM", ROOM):
        return compile_dag(dag)


@given(dags(max_tasks=24), st.data())
def test_a_workflow_that_is_cut_does_what_it_does_in_one_piece(dag: Dag, data: st.DataObject) -> None:
    seconds = {task.id: float(data.draw(st.integers(1, 9))) for task in dag.tasks}
    failing = {task.id for task in dag.tasks if task.optional and data.draw(st.booleans())}

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        if event.task in failing:
            raise TaskError("NoLuck", event.task)
        return {"made_by": event.task}

    compiled = _cut(dag)
    trace = simulate(compiled.definition, INPUT, run, seconds, compiled.nested)

    assert trace.attempts == dict.fromkeys(dag.by_id, 1)
    expected: dict[str, JsonValue] = {
        task: {"Error": "NoLuck", "Cause": task} if task in failing else {"made_by": task} for task in dag.by_id
    }
    ends: dict[str, float] = {}
    for name in order_of(dag.dependencies).tasks:
        task, event = dag.by_id[name], trace.events[name]
        assert event.input["seed"] == 7
        assert isinstance(event.input["given"], list)
        assert [_fetched(value, expected) for value in event.input["given"]] == [
            expected[needed] for needed in results_in(dict(task.arguments)["given"])
        ]
        ready = max((ends[needed] for needed in task.dependencies), default=0.0)
        assert trace.started[name] == ready
        ends[name] = ready + seconds[name]
    assert trace.makespan == max(ends.values())
    assert trace.output == (expected[dag.result] if dag.result else {})


def _fetched(value: JsonValue, results: dict[str, JsonValue]) -> JsonValue:
    return results[str(value[PUBLISHED_KEY])] if isinstance(value, dict) and PUBLISHED_KEY in value else value


@given(dags(max_tasks=24))
def test_every_execution_has_room_for_what_it_holds(dag: Dag) -> None:
    compiled = _cut(dag)
    definitions = [compiled.definition, *compiled.nested.values()]
    for definition in definitions:
        # What one task takes is not cut any further, and an optional one that fails arrives at every gate by itself.
        if len(states_of(definition).keys() & dag.by_id.keys()) > 1:
            assert definition_bytes(definition) < ROOM.bytes * 3
            assert history_events(definition) < ROOM.events * 3
    names = [name for definition in definitions for name in states_of(definition)]
    assert sorted(name for name in names if name in dag.by_id) == sorted(dag.by_id)


@pytest.mark.slow
def test_a_large_workflow_is_cut_within_the_real_limits() -> None:
    edges: dict[str, dict[str, bool]] = {"t0": {}}
    for number in range(1, 2500):
        edges[f"t{number}"] = {f"t{number // 3}": True, f"t{number - 1}": number % 5 == 0}
    compiled = compile_dag(dag_of(edges))
    assert len(compiled.nested) >= 2
    trace = simulate(compiled.definition, INPUT, lambda event, attempt: {}, {}, compiled.nested)
    assert len(trace.attempts) == 2500
