"""A task's id may be whatever a state's name may be: what an execution does and returns does not depend on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue

from stepweave.compiler.compile import compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.graph.arguments import Argument, ListOf, ResultOf
from stepweave.graph.dag import Dag, Task
from stepweave.graph.strategy import STRATEGIES, Strategy
from stepweave.graph.validate import MAX_ID_LENGTH, check_id
from stepweave.simulator.errors import TaskError
from stepweave.simulator.simulation import simulate
from tests.properties.graphs import dags

_ASCII = st.characters(min_codepoint=32, max_codepoint=126)
_LIKE_STATES = st.sampled_from(
    [
        "t0 failed",
        "wait for t0",
        "t1 waits for t0",
        "t0 failed: publish",
        "execution 1: t0",
        "a, b",
        "(a)",
        "a #1",
        "slot 1",
    ]
)
_ODD = st.text(st.sampled_from(" ,()#:;*?<>|&%^~/@=!+-.ab1"), min_size=1, max_size=MAX_ID_LENGTH)
usable_ids = (_LIKE_STATES | _ODD | st.text(_ASCII, min_size=1, max_size=MAX_ID_LENGTH)).filter(
    lambda text: check_id(text) is None
)


def _renamed(dag: Dag, ids: dict[str, str]) -> Dag:
    def argument(one: Argument) -> Argument:
        match one:
            case ResultOf(task):
                return ResultOf(ids[task])
            case ListOf(items):
                return ListOf(tuple(argument(item) for item in items))
        return one

    def task(one: Task) -> Task:
        return replace(
            one,
            id=ids[one.id],
            arguments=tuple((name, argument(value)) for name, value in one.arguments),
            after=tuple(replace(edge, task=ids[edge.task]) for edge in one.after),
            fallback=task(one.fallback) if one.fallback else None,
        )

    result = None if dag.result is None else ids[dag.result]
    return replace(dag, tasks=tuple(task(one) for one in dag.tasks), result=result)


def _outcome(dag: Dag, strategy: Strategy, old: dict[str, str], failing: frozenset[str]) -> Any:
    """Run a workflow whose agents return what they were given, and say all that does not depend on the ids."""
    compiled = compile_dag(dag, CompileOptions(strategy))

    def run(event: Any, _attempt: int) -> JsonValue:
        if old[event.task] in failing:
            raise TaskError("Broken")
        return {"seed": len(old[event.task]), "given": event.input["given"], "me": old[event.task]}

    trace = simulate(compiled.definition, {"seed": 7}, run, nested=compiled.nested)
    given = {old[task]: event.input for task, event in trace.events.items()}
    return trace.output, given, trace.transitions, trace.history_events


@given(dags(max_tasks=8, guarded_tasks=True), st.data(), st.sampled_from(STRATEGIES))
def test_ids_do_not_change_what_happens(dag: Dag, data: st.DataObject, strategy: Strategy) -> None:
    plain = [task.id for task in dag.states]
    new = data.draw(st.lists(usable_ids, min_size=len(plain), max_size=len(plain), unique=True))
    failing = data.draw(st.frozensets(st.sampled_from([task.id for task in dag.tasks if task.optional] or [""])))
    ids = dict(zip(plain, new, strict=True))
    renamed = _renamed(dag, ids)
    before = _outcome(dag, strategy, dict(zip(plain, plain, strict=True)), failing)
    assert _outcome(renamed, strategy, dict(zip(new, plain, strict=True)), failing) == _with_ids(before, ids)


def _with_ids(outcome: Any, ids: dict[str, str]) -> Any:
    """Put the new ids where a result that is fetched is named by its task."""
    match outcome:
        case {"stepweave:published": task}:
            return {"stepweave:published": ids[task]}
        case dict():
            return {name: _with_ids(value, ids) for name, value in outcome.items()}
        case list() | tuple():
            return type(outcome)(_with_ids(value, ids) for value in outcome)
    return outcome


@given(st.text(max_size=100))
@example("a\nb")
@example("\u202e")
@example("a\u2028b")
@example("\x7f")
@example("\ud800")
def test_an_id_is_taken_or_refused_in_one_printable_line(text: str) -> None:
    wrong = check_id(text)
    if wrong is None:
        assert text.isascii()
        assert text.isprintable()
        assert 1 <= len(text) <= MAX_ID_LENGTH
    else:
        assert (wrong.problem + wrong.remedy).isprintable()
        assert wrong.remedy
