"""What the emitted state machine does when tasks fail: fallbacks, circuit breakers, and who goes on with what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler import compile as stages
from stepweave.compiler.compile import compile_dag
from stepweave.compiler.jsonpath_dialect.reading import Purpose, purpose_of
from stepweave.compiler.limits import history_events, states_of
from stepweave.compiler.partition import Weight
from stepweave.contract.breaker import Breaker, CircuitBreakerConfig, open_message
from stepweave.contract.event import TaskEvent
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.contract.retry import Retry
from stepweave.graph.arguments import results_in
from stepweave.graph.dag import Dag, Task
from stepweave.graph.order import order_of
from stepweave.simulator.simulation import TaskError, simulate
from tests.properties.graphs import dag_of, dags, guarded, worker

INPUT: JsonValue = {"seed": 7}


def _ran(task: Task, failing: frozenset[str]) -> list[Task]:
    """Return those of a task's alternatives that run: up to the first that does not fail."""
    ran = []
    for one in task.alternatives:
        ran.append(one)
        if one.id not in failing:
            break
    return ran


def _value(ran: list[Task], failing: frozenset[str], error: str) -> JsonValue:
    return {"Error": error, "Cause": ran[-1].id} if ran[-1].id in failing else {"made_by": ran[-1].id}


def _makespan(dag: Dag, ran: dict[str, list[Task]], seconds: dict[str, float]) -> float:
    ends: dict[str, float] = {}
    for name in order_of(dag.dependencies).tasks:
        start = max((ends[needed] for needed in dag.dependencies[name]), default=0.0)
        ends[name] = start + sum(seconds[one.id] for one in ran[name])
    return max(ends.values())


def _check_input(task: Task, event: TaskEvent, values: dict[str, JsonValue]) -> None:
    given = event.input["given"]
    assert isinstance(given, list)
    needed = list(results_in(dict(task.arguments)["given"]))
    for name, value in zip(needed, given, strict=True):
        published = isinstance(value, dict) and PUBLISHED_KEY in value
        assert (values[name] if published else value) == values[name]


@given(dags(guarded_tasks=True), st.data())
def test_a_fallback_runs_where_its_task_failed_and_its_result_stands_for_it(dag: Dag, data: st.DataObject) -> None:
    failing = data.draw(st.frozensets(st.sampled_from(sorted(state.id for state in dag.states))))
    # What neither is optional nor has a fallback that works would end the execution.
    failing -= {[*task.alternatives][-1].id for task in dag.tasks if not task.optional}
    seconds = {state.id: float(data.draw(st.integers(1, 9))) for state in dag.states}
    error = data.draw(st.sampled_from(["NoLuck", "Runtime.ExitError"]))

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        if event.task in failing:
            raise TaskError(error, event.task)
        return {"made_by": event.task}

    with mock.patch.object(stages, "_ROOM", data.draw(st.sampled_from([stages._ROOM, Weight(9000, 400)]))):
        compiled = compile_dag(dag)
    trace = simulate(compiled.definition, INPUT, run, seconds, compiled.nested)

    ran = {task.id: _ran(task, failing) for task in dag.tasks}
    assert trace.attempts == {one.id: 1 for task in ran.values() for one in task}
    values = {task: _value(alternatives, failing, error) for task, alternatives in ran.items()}
    for task in dag.tasks:
        for one in ran[task.id]:
            assert trace.events[one.id].stands_for == (None if one is task else task.id)
            _check_input(one, trace.events[one.id], values)
            for need in task.dependencies:
                assert trace.started[one.id] >= trace.ended[ran[need][-1].id]
        for earlier, later in zip(ran[task.id], ran[task.id][1:], strict=False):
            assert trace.started[later.id] == trace.ended[earlier.id]
    assert trace.output == (values[dag.result] if dag.result else {})
    assert trace.makespan == _makespan(dag, ran, seconds)
    longest = max(map(history_events, (compiled.definition, *compiled.nested.values())))
    assert all(written <= longest for written in trace.histories)


def _waiting(recovery: int) -> Task:
    breaker = Breaker("service", CircuitBreakerConfig(recovery_timeout=timedelta(seconds=recovery)), waits=True)
    return Task("call", replace(guarded, breaker=breaker))


@given(st.integers(0, 400), st.integers(5, 120))
def test_a_task_that_waits_for_its_breaker_goes_on_as_soon_as_it_may(closes_after: int, recovery: int) -> None:
    dag = Dag("waiting", "", (), (_waiting(recovery), Task("after", worker)), "call", timedelta(hours=1))
    definition = compile_dag(dag).definition
    now = 0.0

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        nonlocal now
        if event.task == "call" and now < closes_after:
            now += recovery
            message = open_message("service", datetime.fromtimestamp(now, UTC))
            raise TaskError("CircuitOpenError", f'{{"errorMessage": "{message}", "errorType": "CircuitOpenError"}}')
        return "done"

    trace = simulate(definition, {}, run)
    rounds = -(-closes_after // recovery)
    assert trace.makespan == rounds * recovery
    assert trace.output == "done"
    assert trace.history_events <= history_events(definition)


@pytest.mark.parametrize("errors", [("TransientError",), ("States.ALL",), ("States.TaskFailed",)])
def test_an_open_breaker_spends_no_retry(errors: tuple[str, ...]) -> None:
    call = Task("call", guarded, retry=Retry(errors=errors), fallback=Task("instead", worker))
    definition = compile_dag(Dag("guarded", "", (), (call,), "call", timedelta(hours=1))).definition

    def run(event: TaskEvent, _attempt: int) -> JsonValue:
        if event.task == "call":
            raise TaskError("CircuitOpenError")
        return event.task

    trace = simulate(definition, {}, run)
    assert (trace.attempts["call"], trace.makespan, trace.output) == (1, 0.0, "instead")


def test_a_fallback_comes_before_waiting() -> None:
    call = replace(_waiting(60), fallback=Task("instead", worker))
    definition = compile_dag(Dag("guarded", "", (), (call,), "call", timedelta(hours=1))).definition
    assert {state["Type"] for state in definition["States"].values()} == {"Task"}


def test_a_crash_that_ends_the_execution_ends_it_in_the_task_so_that_a_redrive_starts_there() -> None:
    definition = compile_dag(dag_of({"call": {}}, agents={"call": guarded})).definition
    purposes = {name: purpose_of(state) for name, state in definition["States"].items()}
    assert purposes == {"check inputs": Purpose.ADMISSION, "call": Purpose.AGENT}
    assert "Catch" not in definition["States"]["call"]


@given(dags(guarded_tasks=True))
def test_every_retrier_is_bounded_and_spread_and_every_task_has_a_timeout(dag: Dag) -> None:
    for name, state in states_of(compile_dag(dag).definition).items():
        for retrier in state.get("Retry", ()):
            assert retrier["JitterStrategy"] == "FULL", name
            assert retrier["MaxDelaySeconds"] >= retrier["IntervalSeconds"], name
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] > 0, name
