"""No state meets ``States.DataLimitExceeded``, whatever an execution is given and whatever agents return."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler import compile as stages
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.partition import Weight
from stepweave.compiler.payload_budget import PAYLOAD_QUOTA
from stepweave.contract.event import TaskEvent
from stepweave.contract.failure import MAX_CAUSE_BYTES
from stepweave.contract.json_values import json_bytes
from stepweave.graph.arguments import Argument, Constant, ListOf, MapOf, ResultOf, WorkflowInput
from stepweave.graph.dag import Dag, Task
from stepweave.graph.errors import WorkflowError
from stepweave.graph.inputs import Input
from stepweave.simulator.simulation import TaskError, Trace, simulate
from tests.properties.graphs import dags, worker

ROOM = Weight(7000, 300)


def _filled(bytes_: int, sign: str) -> JsonValue:
    """Return a text of about so many bytes as JSON."""
    return sign * max(0, (bytes_ - 2) // len(sign.encode()))


def _largest(event: TaskEvent, _attempt: int) -> JsonValue:
    return "x" * (event.result_limit_bytes - 2)


def _simulate(compiled: CompiledWorkflow, execution_input: JsonValue, failing: frozenset[str] = frozenset()) -> Trace:
    """Execute with the largest results and the largest errors that the runtime lets through."""

    def run(event: TaskEvent, attempt: int) -> JsonValue:
        if event.task in failing:
            raise TaskError("NoLuck", "x" * (min(MAX_CAUSE_BYTES, event.result_limit_bytes) - 100))
        return _largest(event, attempt)

    return simulate(compiled.definition, execution_input, run, nested=compiled.nested)


@given(dags(max_tasks=16, guarded_tasks=True), st.data())
def test_no_state_is_given_more_than_step_functions_takes(dag: Dag, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.sampled_from([0, 10, 1_000, 20_000, 65_000]), min_size=1, max_size=4))
    inputs = tuple(Input(f"input{number}") for number in range(data.draw(st.integers(0, 3))))
    extra: tuple[tuple[str, Argument], ...] = (
        ("constant", Constant(_filled(data.draw(st.sampled_from(sizes)), data.draw(st.sampled_from("xé日\n"))))),
        ("inputs", ListOf(tuple(WorkflowInput(one.name) for one in inputs))),
    )
    chosen = data.draw(st.frozensets(st.sampled_from(sorted(dag.by_id))))
    tasks = tuple(
        replace(task, arguments=task.arguments[1:] + (extra if task.id in chosen else ())) for task in dag.tasks
    )
    tasks = tuple(
        replace(task, fallback=None if task.fallback is None else _without_seed(task.fallback)) for task in tasks
    )
    dag = replace(dag, inputs=inputs, tasks=tasks)
    failing = frozenset(task.id for task in dag.tasks if task.optional and data.draw(st.booleans()))
    failing |= {one.id for task in dag.tasks if task.id in failing for one in task.alternatives}
    # All that StartExecution takes: one input that fills the quota, or several, or something that nobody asked for.
    weights = data.draw(st.lists(st.integers(0, 5), min_size=4, max_size=4)) or [1]
    share = (PAYLOAD_QUOTA - 200) // max(1, sum(weights))
    names = [*(one.name for one in inputs), "nobody asked for this"]
    execution_input: JsonValue = {
        name: _filled(share * weight, "x") for name, weight in zip(names, weights, strict=False)
    }
    assert json_bytes(execution_input) <= PAYLOAD_QUOTA
    with mock.patch.object(stages, "_ROOM", ROOM if data.draw(st.booleans()) else stages._ROOM):
        try:
            compiled = compile_dag(dag)
        except WorkflowError as error:
            if "constants of task" not in str(error):
                raise
            return
    assert _simulate(compiled, execution_input, failing).peak_payload_bytes <= PAYLOAD_QUOTA


def _without_seed(task: Task) -> Task:
    fallback = None if task.fallback is None else _without_seed(task.fallback)
    return replace(task, arguments=task.arguments[1:], fallback=fallback)


def _chain(length: int) -> tuple[Task, ...]:
    """Five results that one optional task is given, and tasks behind it that keep adding to what is carried."""
    first = tuple(Task(f"a{number}", worker) for number in range(5))
    gather = Task("b", worker, (("given", ListOf(tuple(ResultOf(one.id) for one in first))),), optional=True)
    after = [gather]
    for number in range(length):
        uses = ListOf(tuple(ResultOf(one.id) for one in after))
        after.append(Task(f"c{number}", worker, (("given", uses),)))
    return (*first, *after)


def test_a_failure_leaves_nothing_behind_that_success_would_not() -> None:
    dag = Dag("chain", "", (), _chain(5), "c4", timedelta(hours=1))
    failed = _simulate(compile_dag(dag), {}, frozenset({"b"}))
    assert failed.peak_payload_bytes <= PAYLOAD_QUOTA


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_result_that_a_task_is_given_several_times_counts_as_often(times: int) -> None:
    argument = MapOf(tuple((f"k{number}", ResultOf("a")) for number in range(times)))
    dag = Dag("twice", "", (), (Task("a", worker), Task("b", worker, (("given", argument),))), "b", timedelta(hours=1))
    assert _simulate(compile_dag(dag), {}).peak_payload_bytes <= PAYLOAD_QUOTA


@pytest.mark.parametrize("sign", ["x", "é", "日", '"'])
def test_the_largest_constant_is_measured_as_it_is_sent(sign: str) -> None:
    def compiled(characters: int) -> CompiledWorkflow:
        task = Task("a", worker, (("given", Constant(sign * characters)),))
        return compile_dag(Dag("one", "", (), (task,), None, timedelta(hours=1)))

    low, high = 0, PAYLOAD_QUOTA
    while high - low > 1:
        middle = (low + high) // 2
        try:
            compiled(middle)
            low = middle
        except WorkflowError:
            high = middle
    # All but what is kept for the rest of the event.
    assert PAYLOAD_QUOTA - 4_000 < len(json.dumps(sign * low, ensure_ascii=False).encode()) < PAYLOAD_QUOTA
    assert _simulate(compiled(low), {}).peak_payload_bytes <= PAYLOAD_QUOTA


def test_an_execution_without_inputs_may_be_started_with_anything() -> None:
    task = Task("a", worker, optional=True)
    then = Task("b", worker, (("given", ResultOf("a")),))
    compiled = compile_dag(Dag("optional", "", (), (task, then), "b", timedelta(hours=1)))
    anything: JsonValue = {"x": "x" * (PAYLOAD_QUOTA - 8)}
    assert json_bytes(anything) == PAYLOAD_QUOTA
    assert _simulate(compiled, anything, frozenset({"a"})).peak_payload_bytes == PAYLOAD_QUOTA


def test_a_workflow_that_takes_nothing_pays_nothing() -> None:
    tasks = (Task("a", worker), Task("b", worker, (("given", ResultOf("a")),)))
    dag = Dag("none", "", (), tasks, "b", timedelta(hours=1))
    assert _simulate(compile_dag(dag), {}).transitions == 2
    asking = replace(dag, inputs=(Input("x"),))
    assert _simulate(compile_dag(asking), {}).transitions == 3


@pytest.mark.parametrize("count", [1, 3, 20, 50])
def test_inputs_fit_as_references_into_the_widest_document(count: int) -> None:
    inputs = tuple(Input(f"input{number}") for number in range(count))
    uses = ListOf(tuple(WorkflowInput(one.name) for one in inputs))
    tasks = tuple(Task(f"t{number}", worker, (("given", uses),)) for number in range(120))
    last = Task("last", worker, (("given", ListOf(tuple(ResultOf(one.id) for one in tasks))), ("seed", uses)))
    compiled = compile_dag(Dag("wide", "", inputs, (*tasks, last), "last", timedelta(hours=1)))
    execution_input: JsonValue = {one.name: "x" * (PAYLOAD_QUOTA // count - 40) for one in inputs}
    assert _simulate(compiled, execution_input).peak_payload_bytes <= PAYLOAD_QUOTA


def test_too_many_inputs_are_refused() -> None:
    inputs = tuple(Input(f"input{number}") for number in range(51))
    with pytest.raises(WorkflowError, match="takes 51 inputs, more than the 50 allowed; put some of them"):
        compile_dag(Dag("wide", "", inputs, (Task("a", worker),), None, timedelta(hours=1)))
