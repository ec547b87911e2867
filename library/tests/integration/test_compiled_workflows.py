"""What the compiler emits, run by the local engine with real handlers: any graph, in one execution and cut into many.

The reference is what the graph itself says: who ran, in which order, on whose results, and what came out.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest

from stepweave.compiler import compile as stages
from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.limits import states_of
from stepweave.compiler.partition import Weight
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.functions.replayer.lineage import lineage
from stepweave.graph.arguments import Constant, ListOf, ResultOf
from stepweave.graph.dag import ControlEdge, Dag, Task
from stepweave.testing.local_backend import LocalBackend
from stepweave.testing.run import Run

Execute = Callable[[str], Run]


def _dag(name: str, needs: dict[str, list[str]], result: str) -> Dag:
    tasks = tuple(
        Task(
            task,
            replayer,
            (("seconds", Constant(0.01)), ("dependencies", ListOf(tuple(ResultOf(need) for need in needed)))),
        )
        for task, needed in needs.items()
    )
    return Dag(name, "A random workflow", (), tasks, result, timedelta(minutes=2))


def _random(seed: int, name: str = "t{}") -> Dag:
    chance = random.Random(seed)
    count = chance.randint(4, 26)
    most = chance.choice([1, 2, 3])
    needs = {
        name.format(number): [
            name.format(other) for other in sorted(chance.sample(range(number), min(number, chance.randint(0, most))))
        ]
        for number in range(count)
    }
    return _dag(f"random-{seed}", needs, name.format(count - 1))


ODD_ID = "align {0} (sample #{0}, lane 1/2); a*b? x|y & <z> ~50%"


def _failing() -> Dag:
    """An optional task of odd id that fails, with gates that it helps to open and tasks that fetch its failure."""
    first, broken, sink = "first, (a)", "broken, (b): failed", "sink #1 (a, b)"

    def task(name: str, *after: str) -> Task:
        return Task(name, replayer, (("seconds", Constant(0.01)),), tuple(ControlEdge(one) for one in after))

    failing = Task(broken, replayer, (("seconds", Constant("no number")),), optional=True)
    early = (task(first), failing, task("left (1)", first), task("right (2)", first, broken))
    tasks = (*early, task(sink, "left (1)", "right (2)"), task("aside, too", broken))
    return Dag("odd-ids-failing", "An optional task fails", (), tasks, sink, timedelta(minutes=2))


@pytest.fixture
def execute(local_cloud: LocalBackend) -> Execute:
    """Runs one of the workflows by the project's own stacks; all of them are deployed at once."""
    local_cloud.deploy(*_compiled().values())
    return lambda name: local_cloud.run(_compiled()[name])


@functools.cache
def _compiled() -> dict[str, CompiledWorkflow]:
    whole = [compile_dag(_random(seed)) for seed in range(12)]
    with mock.patch.object(stages, "_ROOM", Weight(6000, 300)):
        cut = [compile_dag(dag) for dag in [*(_random(100 + seed) for seed in range(4)), _breaking(), _odd(103)]]
    odd = [compile_dag(_odd(1)), compile_dag(_odd(5)), compile_dag(_failing())]
    return {compiled.name: compiled for compiled in [*whole, *cut, *odd]}


def _odd(seed: int) -> Dag:
    return replace(_random(seed, ODD_ID), name=f"odd-ids-{seed}")


def _breaking() -> Dag:
    tasks = tuple(
        Task(f"t{number}", replayer, (("seconds", Constant(0.0)), ("dependencies", Constant(["x" * 1500]))))
        for number in range(8)
    )
    broken = Task("broken", replayer, (("seconds", Constant("no number")),))
    return Dag("breaks", "A task is given what it does not take", (), (*tasks, broken), None, timedelta(minutes=2))


def _check(dag: Dag, run: Run) -> None:
    assert run.status == "SUCCEEDED", run.cause
    assert sorted(run.order) == sorted(dag.by_id)
    results = {name: ReplayResult.model_validate(task.output) for name, task in run.tasks.items()}
    for task in dag.tasks:
        needs = [results[need] for need in sorted(task.uses, key=list(dag.by_id).index)]
        given = {"seconds": 0.01, "dependencies": [need.model_dump() for need in needs]}
        assert run.task(task.id).input == given
        assert run.task(task.id).attempts == 1
        assert results[task.id].lineage == lineage(task.id, [need.model_dump() for need in needs])
        for need in needs:
            assert results[task.id].started >= need.finished
    assert dag.result is not None
    assert run.output == results[dag.result].model_dump()


@pytest.mark.parametrize("seed", range(12))
def test_a_random_graph_runs_as_it_says(execute: Execute, seed: int) -> None:
    dag = _random(seed)
    _check(dag, execute(dag.name))


def test_some_of_the_random_graphs_have_gates() -> None:
    definitions = [_compiled()[f"random-{seed}"].definition for seed in range(12)]
    gated = [
        any("waitForTaskToken" in state.get("Resource", "") for state in states_of(definition).values())
        for definition in definitions
    ]
    assert 4 <= sum(gated) < 12


@pytest.mark.parametrize("seed", range(4))
def test_a_graph_that_is_cut_runs_as_it_says(execute: Execute, seed: int) -> None:
    dag = _random(100 + seed)
    assert _compiled()[dag.name].nested
    _check(dag, execute(dag.name))


@pytest.mark.parametrize("seed", [1, 5, 103])
def test_ids_with_spaces_commas_and_parentheses_run_as_they_say(execute: Execute, seed: int) -> None:
    dag = _odd(seed)
    _check(dag, execute(dag.name))


def test_gates_and_failures_know_tasks_by_odd_ids(execute: Execute) -> None:
    dag = _failing()
    states = states_of(_compiled()[dag.name].definition)
    assert any("waitForTaskToken" in state.get("Resource", "") for state in states.values())
    run = execute(dag.name)
    assert run.status == "SUCCEEDED", run.cause
    assert run.task("broken, (b): failed").error == "InvalidInputError"
    assert sorted(run.order) == sorted(dag.by_id)


def test_a_nested_execution_that_fails_fails_the_whole_under_its_own_name(execute: Execute) -> None:
    assert _compiled()["breaks"].nested
    run = execute("breaks")
    assert run.status == "FAILED"
    assert run.error in {"States.TaskFailed", "InvalidInputError"}
    assert run.task("broken").error == "InvalidInputError"
