"""JSONata in the fields of states: what they offer, take and assign, and how they fail."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from moto.core.base_backend import BackendDict
from moto.server import DomainDispatcherApplication, create_backend_app

from stepweave.local_cloud.adapters.step_functions.adapters import step_functions_adapters
from stepweave.local_cloud.adapters.step_functions.engine_clients import InProcessClients
from stepweave.local_cloud.server import WsgiApplication
from tests.unit.local_cloud.adapters.conftest import Engine, FakeFunctions

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
ERROR = "States.QueryEvaluationError"
INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine with all its adapters, for all tests."""
    functions = FakeFunctions()
    functions.by_name = {"f": lambda _: None}
    application = cast("WsgiApplication", DomainDispatcherApplication(create_backend_app))
    with ExitStack() as adapters:
        for adapter in step_functions_adapters(application, "http://localhost", functions):
            adapters.enter_context(adapter)
        client = InProcessClients(application, "http://localhost").client("us-east-1", "stepfunctions")
        yield Engine(client, functions, adapters)
    BackendDict.reset()


@pytest.fixture
def run(engine: Engine) -> Run:
    """Runs states in their order."""

    def run(*states: dict[str, Any], given: Any = None, language: str = "JSONata") -> dict[str, Any]:
        if states[0]["Type"] == "Fail":
            states = states[:1]
        names = [chr(ord("A") + index) for index in range(len(states))]
        following = [{"Next": name} for name in names[1:]] + [{"End": True}]
        moved = [
            state if state["Type"] in {"Fail", "Choice", "Succeed"} else {**move, **state}
            for state, move in zip(states, following, strict=True)
        ]
        definition = {"QueryLanguage": language, "StartAt": "A", "States": dict(zip(names, moved, strict=True))}
        execution = engine.start(definition, given)
        return {**engine.end(execution), "events": engine.history(execution)}

    return run


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, **fields}


def catching(**catcher: Any) -> dict[str, Any]:
    return {"Catch": [{"ErrorEquals": [ERROR], "Next": "B", **catcher}]}


def failures(ended: dict[str, Any]) -> list[dict[str, str]]:
    return [event["evaluationFailedEventDetails"] for event in ended["events"] if event["type"] == "EvaluationFailed"]


NOWHERE = "{% $nope %}"
PLACES: dict[str, dict[str, Any]] = {
    "Output": {"Type": "Pass", "Output": NOWHERE},
    "Output/a/b[0][1]": {"Type": "Pass", "Output": {"a": {"b": [["{% 1 %}", NOWHERE]]}}},
    "Assign/x/y": {"Type": "Pass", "Assign": {"x": {"y": NOWHERE}}},
    "Arguments/p[1]": task(Arguments={"p": [1, NOWHERE]}),
    "TimeoutSeconds": task(TimeoutSeconds=NOWHERE),
    "Choices[1]/Condition": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% false %}", "Next": "B"}, {"Condition": NOWHERE, "Next": "B"}],
        "Default": "B",
    },
    "Choices[0]/Output/v": {
        "Type": "Choice",
        "Choices": [{"Condition": True, "Output": {"v": NOWHERE}, "Next": "B"}],
        "Default": "B",
    },
    "Seconds": {"Type": "Wait", "Seconds": NOWHERE},
    "Error": {"Type": "Fail", "Error": NOWHERE},
    "Items": {"Type": "Map", "Items": NOWHERE, "ItemProcessor": INNER},
    "Items[0]": {"Type": "Map", "Items": [NOWHERE], "ItemProcessor": INNER},
    "ItemSelector/a": {"Type": "Map", "Items": [1], "ItemSelector": {"a": NOWHERE}, "ItemProcessor": INNER},
    "MaxConcurrency": {"Type": "Map", "Items": [1], "MaxConcurrency": NOWHERE, "ItemProcessor": INNER},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_failure_names_its_field_and_is_written_once(run: Run, place: str) -> None:
    ended = run(PLACES[place], {"Type": "Succeed"})
    what = f"The JSONata expression '$nope' specified for the field '{place}' returned nothing (undefined)."
    cause = f"An error occurred while executing the state 'A' (entered at the event id #2). {what}"
    assert failures(ended) == [{"error": ERROR, "cause": cause, "location": place, "state": "A"}]
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", ERROR, cause)


def test_a_failure_is_of_the_innermost_state(run: Run) -> None:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": NOWHERE, "End": True}}}
    parallel = {"Type": "Parallel", "Branches": [branch], "End": True}
    processor = {"StartAt": "P", "States": {"P": parallel}}
    ended = run({"Type": "Map", "Items": [1], "ItemProcessor": processor})
    assert ended["cause"].startswith(
        "An error occurred while executing the state 'B' (entered at the event id #7). The"
    )
    assert ended["cause"].count("An error occurred") == 1


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "Condition": (
        {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "B"}], "Default": "B"},
        "Expected 'boolean', but was 'number' for value: 1",
    ),
    "Items": (
        {"Type": "Map", "Items": "{% {'a': 'b'} %}", "ItemProcessor": INNER},
        "Expected 'array', but was 'object' for value: {\"a\":\"b\"}",
    ),
    "null Items": (
        {"Type": "Map", "Items": "{% null %}", "ItemProcessor": INNER},
        "Expected 'array', but was 'null' for value: null",
    ),
    "Timestamp": ({"Type": "Wait", "Timestamp": "{% true %}"}, "Expected 'string', but was 'boolean' for value: true"),
    "no Timestamp": (
        {"Type": "Wait", "Timestamp": "{% '2016-13-05T21:29:29Z' %}"},
        "cannot be parsed as an ISO-8601 extended offset date-time format string: 2016-13-05T21:29:29Z",
    ),
    "Seconds": ({"Type": "Wait", "Seconds": "{% 'a' %}"}, "Expected 'number', but was 'string' for value: \"a\""),
    "negative Seconds": ({"Type": "Wait", "Seconds": "{% -1 %}"}, "must be at least 0, but was: -1"),
    "TimeoutSeconds": (task(TimeoutSeconds="{% 0 %}"), "must be at least 1, but was: 0"),
    "part of TimeoutSeconds": (task(TimeoutSeconds="{% 1.5 %}"), "must be an integer, but was: 1.5"),
    "HeartbeatSeconds": (
        task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", HeartbeatSeconds="{% [] %}"),
        "Expected 'number', but was 'array' for value: []",
    ),
    "Cause": ({"Type": "Fail", "Cause": "{% {} %}"}, "Expected 'string', but was 'object' for value: {}"),
    "ToleratedFailurePercentage": (
        {"Type": "Map", "Items": [1], "ToleratedFailurePercentage": "{% 101 %}", "ItemProcessor": INNER},
        "must be at most 100, but was: 101",
    ),
    "input of a Map": ({"Type": "Map", "ItemProcessor": INNER}, 'Map state input must be an array but was: {"a":1}'),
    "function": ({"Type": "Pass", "Output": "{% $sum %}"}, "returned an unsupported result type."),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_field_takes_no_other_type(run: Run, name: str) -> None:
    state, expected = WRONG[name]
    ended = run(state, {"Type": "Succeed"}, given={"a": 1})
    assert (ended["status"], ended["error"]) == ("FAILED", ERROR)
    assert ended["cause"].endswith(expected)


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Map", "MaxConcurrency": "{% '1' %}"},
        {"Type": "Map", "ToleratedFailureCount": "{% 1 %}"},
        {"Type": "Map", "ToleratedFailurePercentage": "{% 1.5 %}"},
    ],
)
def test_a_field_takes_what_fits(run: Run, state: dict[str, Any]) -> None:
    ended = run({"Items": ["{% 1 %}", 2], "ItemProcessor": INNER, **state})
    assert (ended["status"], ended.get("output")) == ("SUCCEEDED", "[1,2]")


FALLIBLE: dict[str, dict[str, Any]] = {
    "Arguments": task(Arguments={"a": NOWHERE}),
    "Arguments of a service": {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": "t", "Key": {"id": {"S": NOWHERE}}},
    },
    "Output": task(Output="{% $number('a') %}"),
    "Assign": task(Assign={"x": "{% 1 + 'x' %}"}),
    "TimeoutSeconds": task(TimeoutSeconds="{% -1 %}"),
    "Arguments of Parallel": {"Type": "Parallel", "Arguments": NOWHERE, "Branches": [INNER]},
    "Output of Parallel": {"Type": "Parallel", "Output": NOWHERE, "Branches": [INNER]},
    "Items": {"Type": "Map", "Items": "{% 1 %}", "ItemProcessor": INNER},
    "Output of Map": {"Type": "Map", "Items": [1], "Output": NOWHERE, "ItemProcessor": INNER},
}


@pytest.mark.parametrize("name", FALLIBLE)
def test_a_failure_can_be_caught(run: Run, name: str) -> None:
    caught = catching(Output="{% [$states.errorOutput.Error, $contains($states.errorOutput.Cause, /state 'A'/)] %}")
    ended = run(FALLIBLE[name] | caught, {"Type": "Succeed"})
    assert (ended["status"], ended.get("output")) == ("SUCCEEDED", f'["{ERROR}",true]')
    assert len(failures(ended)) == 1


def test_a_failure_can_be_retried(run: Run) -> None:
    output = "{% $states.context.State.RetryCount < 1 ? $number('a') : 'fine' %}"
    retry = [{"ErrorEquals": [ERROR], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0}]
    ended = run(task(Output=output, Retry=retry))
    assert (ended["status"], ended["output"], len(failures(ended))) == ("SUCCEEDED", '"fine"', 1)


def test_a_catcher_that_fails_fails_the_execution(run: Run) -> None:
    ended = run(task(Output=NOWHERE) | catching(Output=[NOWHERE]), {"Type": "Succeed"})
    assert ended["status"] == "FAILED"
    assert [failure["location"] for failure in failures(ended)] == ["Output", "Catch[0]/Output[0]"]


def test_assigned_values_are_there_from_the_next_state_on(run: Run) -> None:
    ended = run(
        {"Type": "Pass", "Assign": {"x": 1, "text": 'say "no"'}},
        {"Type": "Pass", "Assign": {"x": 2, "y": "{% $x %}"}, "Output": "{% $x %}"},
        {"Type": "Pass", "Output": "{% [$states.input, $x, $y, $text] %}"},
    )
    assert ended["output"] == '[1,2,1,"say \\"no\\""]'
    left = next(event for event in ended["events"] if event["type"] == "PassStateExited")["stateExitedEventDetails"]
    assert left["assignedVariables"] == {"x": "1", "text": '"say \\"no\\""'}


def test_an_attempt_that_failed_assigns_nothing(run: Run) -> None:
    failing = task(Assign={"x": 2}, Output=NOWHERE) | catching()
    ended = run(
        {"Type": "Pass", "Assign": {"x": 1}},
        failing | {"Catch": [{**failing["Catch"][0], "Next": "C"}]},
        {
            "Type": "Pass",
            "Output": "{% $x %}",
        },
    )
    assert ended["output"] == "1"


def test_what_states_offers_depends_on_the_field(run: Run) -> None:
    output = {"null": "{% $states.result %}", "keys": "{% $keys($states) %}"}
    ended = run(task(Arguments="{% $keys($states) %}", Output=output))
    assert ended["output"] == '{"null":null,"keys":["input","context","result"]}'
    sent = next(event for event in ended["events"] if event["type"] == "LambdaFunctionScheduled")
    assert json.loads(sent["lambdaFunctionScheduledEventDetails"]["input"]) == ["input", "context"]
    caught = run(task(Output=NOWHERE) | catching(Output="{% $keys($states) %}"), {"Type": "Succeed"})
    assert caught["output"] == '["input","context","errorOutput"]'


def test_null_is_an_output(run: Run) -> None:
    assert run({"Type": "Pass", "Output": "{% null %}"})["output"] == "null"
    assert run(task())["output"] == "null"


def test_text_that_is_no_expression_stays_as_it_is(run: Run) -> None:
    ended = run({"Type": "Pass", "Output": {"a": " {% 1 %}", "b": ["{% 1 %}"], "c": None}})
    assert ended["output"] == '{"a":" {% 1 %}","b":[1],"c":null}'


def test_a_state_in_a_jsonata_state_has_the_language_of_the_definition(run: Run) -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Parameters": {"x.$": "$"}, "End": True}}}
    outer = {"Type": "Map", "QueryLanguage": "JSONata", "Items": [1], "ItemProcessor": inner}
    assert run(outer, language="JSONPath")["output"] == '[{"x":1}]'


def test_a_jsonpath_state_follows_paths_through_variables(run: Run) -> None:
    assign = {"Type": "Pass", "Assign": {"x": {"a": [1, {"b": None}]}}}
    paths = {"b.$": "$x.a[1].b", "all.$": "$x.a[*]", "text.$": "States.Format('{}', $x.a[0])"}
    ended = run(assign, {"Type": "Pass", "Parameters": paths}, language="JSONPath")
    assert ended["output"] == '{"b":null,"all":[1,{"b":null}],"text":"1"}'
    missing = run(assign, {"Type": "Pass", "Parameters": {"b.$": "$x.c"}}, language="JSONPath")
    assert (missing["status"], missing["error"]) == ("FAILED", "States.Runtime")


def test_an_event_of_a_failure_follows_what_was_before_the_state(run: Run) -> None:
    """As AWS writes it, the event that entered the state is none of those that led to the failure."""
    ended = run({"Type": "Pass"}, {"Type": "Pass", "Output": NOWHERE})
    event = next(event for event in ended["events"] if event["type"] == "EvaluationFailed")
    assert (event["id"], event["previousEventId"]) == (5, 3)


def test_limits_of_batches_are_checked(run: Run) -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **INNER}
    batcher = {"MaxItemsPerBatch": "{% 'x' %}"}
    ended = run({"Type": "Map", "Items": [1], "ItemBatcher": batcher, "ItemProcessor": processor})
    assert "for the field 'ItemBatcher/MaxItemsPerBatch' returned an unexpected result type" in ended["cause"]
