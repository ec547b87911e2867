"""How arguments are spelled in the JSONPath dialect."""

from datetime import timedelta

import pytest

from stepweave.compiler.compile import compile_dag
from stepweave.contract.gate import PUBLISHED_KEY
from stepweave.graph.arguments import Argument, Constant, ListOf, MapOf, ResultOf, WorkflowInput
from stepweave.graph.dag import ControlEdge, Dag, Task
from stepweave.graph.errors import WorkflowError
from stepweave.graph.inputs import Input
from stepweave.simulator.simulation import simulate
from tests.properties.graphs import worker


def _input_of(argument: Argument, first: str = "a") -> object:
    dag = Dag(
        "spelling",
        "",
        (Input("text"),),
        (Task(first, worker), Task("b", worker, (("given", argument),), (ControlEdge(first),))),
        "b",
        timedelta(minutes=1),
    )
    state = compile_dag(dag).definition["States"]["b"]
    parameters = state["Parameters"]
    assert isinstance(parameters, dict)
    return parameters["input"]


@pytest.mark.parametrize(
    ("argument", "spelled"),
    [
        (ResultOf("a"), {"given.$": "$.a"}),
        (WorkflowInput("text"), {"given.$": "$['stepweave:input'].text"}),
        (ListOf((ResultOf("a"), Constant(None))), {"given.$": "States.Array($.a, null)"}),
        (ListOf((ResultOf("a"), Constant("it's {a}"))), {"given.$": "States.Array($.a, 'it\\'s \\{a\\}')"}),
        (
            ListOf((ResultOf("a"), Constant({"k": [1]}))),
            {"given.$": """States.Array($.a, States.StringToJson('\\{"k": [1]\\}'))"""},
        ),
        (MapOf((("x", ResultOf("a")), ("y", Constant(2)))), {"given": {"x.$": "$.a", "y": 2}}),
        # A constant whose key ends like that of an expression must not become one.
        (Constant({"path.$": "text"}), {"given.$": """States.StringToJson('\\{"path.$": "text"\\}')"""}),
    ],
)
def test_arguments(argument: Argument, spelled: object) -> None:
    assert _input_of(argument) == spelled


def test_an_id_that_is_no_identifier_is_quoted() -> None:
    assert _input_of(ResultOf("my-task.1"), first="my-task.1") == {"given.$": "$['my-task.1']"}


@pytest.mark.parametrize("task_id", ["a b", "align (sample 1, lane 2)", "a,b", "what?", "a*b", "a;b", "x|y", "a & b"])
def test_an_id_that_paths_might_not_quote_gives_its_result_a_numbered_key(task_id: str) -> None:
    argument = ListOf((ResultOf(task_id), Constant(1)))
    assert _input_of(argument, first=task_id) == {"given.$": "States.Array($['slot:1'], 1)"}


def test_too_many_constants_in_one_list_are_refused_with_a_remedy() -> None:
    argument = ListOf((ResultOf("a"), *(Constant(f"constant number {number}") for number in range(600))))
    with pytest.raises(WorkflowError, match=r"task 'b'.*10000.*pass fewer"):
        _input_of(argument)


def test_a_task_that_gathers_very_many_results_fetches_them() -> None:
    tasks = tuple(Task(f"task_number_{number}", worker) for number in range(600))
    gather = Task("gather", worker, (("given", ListOf(tuple(ResultOf(task.id) for task in tasks))),))
    definition = compile_dag(Dag("wide", "", (), (*tasks, gather), "gather", timedelta(hours=1))).definition
    parameters = definition["States"]["gather"]["Parameters"]
    assert parameters["input"] == {"given": [{PUBLISHED_KEY: task.id} for task in tasks]}
    trace = simulate(definition, {}, lambda event, attempt: "x" * 400)
    assert all(trace.events[task.id].publish for task in tasks)
    assert trace.peak_payload_bytes < 40_000
