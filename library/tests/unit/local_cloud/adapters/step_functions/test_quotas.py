"""Where a payload may be too large, and who can catch that."""

import json
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.quotas import LARGEST_PAYLOAD, quotas
from tests.unit.local_cloud.adapters.conftest import jsonata

HALF = "x" * (LARGEST_PAYLOAD // 2)
TWICE = {"a.$": "$", "b.$": "$"}
LIMIT = "States.DataLimitExceeded"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
HALF_FUNCTION = f"{LAMBDA[:-1]}half"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "small", "End": True}}}


@pytest.fixture
def limited(engine: Any) -> Any:
    engine.functions.by_name = {"f": lambda _: "small", "half": lambda _: HALF}
    return engine


def only(state: dict[str, Any], **machine: Any) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": {"End": True, **state}}, **machine}


def run(engine: Any, definition: dict[str, Any], value: Any = HALF) -> dict[str, Any]:
    execution = engine.start(definition, value)
    return {**engine.end(execution), "kinds": engine.kinds(execution)}


INPUTS: dict[str, dict[str, Any]] = {
    "task": {"Type": "Task", "Resource": LAMBDA, "Parameters": TWICE},
    "service": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": LAMBDA, "Payload": TWICE},
    },
    "pass": {"Type": "Pass", "Parameters": TWICE, "OutputPath": None},
    "parallel": {"Type": "Parallel", "Parameters": TWICE, "Branches": [PASS]},
    "map": {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"a.$": "$.half", "b.$": "$.half"},
        "ItemProcessor": PASS,
    },
}


@pytest.mark.parametrize("name", INPUTS)
def test_the_input_that_a_state_makes_for_itself_is_limited(limited: Any, name: str) -> None:
    value = {"items": [1], "half": HALF} if name == "map" else HALF
    assert run(limited, only(INPUTS[name]), value)["status"] == "SUCCEEDED"
    limited.adapt(quotas())
    failed = run(limited, only(INPUTS[name]), value)
    assert (failed["status"], failed["error"]) == ("FAILED", LIMIT)
    assert failed["cause"] == (
        "The state/task 'Only' was given an input with a size exceeding the maximum number of bytes service limit."
    )
    assert "LambdaFunctionScheduled" not in failed["kinds"]
    assert "TaskScheduled" not in failed["kinds"]


def test_arguments_of_jsonata_are_limited(limited: Any) -> None:
    limited.adapt(jsonata(), quotas())
    arguments = {"a": "{% $states.input %}", "b": "{% $states.input %}"}
    state = {"Type": "Task", "Resource": LAMBDA, "Arguments": arguments, "End": True}
    definition = only(state, QueryLanguage="JSONata")
    assert run(limited, definition)["error"] == LIMIT
    assert run(limited, definition, "few")["status"] == "SUCCEEDED"


@pytest.mark.parametrize("caught", ["States.ALL", LIMIT])
def test_an_input_that_is_too_large_is_caught(limited: Any, caught: str) -> None:
    limited.adapt(quotas())
    definition = only(INPUTS["task"] | {"Catch": [{"ErrorEquals": [caught], "ResultPath": None, "Next": "Then"}]})
    definition["States"]["Then"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert run(limited, definition)["output"] == '"caught"'


@pytest.mark.parametrize(
    "shaping",
    [
        {"ResultSelector": TWICE},
        {"ResultPath": "$.result"},
        {"ResultSelector": TWICE, "ResultPath": "$.result", "OutputPath": "$.result"},
    ],
)
def test_what_a_state_gives_to_the_next_is_limited_and_not_caught(limited: Any, shaping: dict[str, Any]) -> None:
    limited.adapt(quotas())
    task = {"Type": "Task", "Resource": HALF_FUNCTION, "Catch": []} | shaping
    task["Catch"] = [{"ErrorEquals": [LIMIT], "Next": "Then"}, {"ErrorEquals": ["States.ALL"], "Next": "Then"}]
    definition = only(task)
    definition["States"]["Then"] = {"Type": "Pass", "End": True}
    failed = run(limited, definition, {"input": HALF})
    assert (failed["status"], failed["error"]) == ("FAILED", LIMIT)
    assert failed["cause"].startswith("The state/task 'Only' returned a result with a size exceeding")
    assert "LambdaFunctionSucceeded" in failed["kinds"]
    assert failed["kinds"][-1] == "ExecutionFailed"


def test_what_output_path_leaves_is_what_counts(limited: Any) -> None:
    limited.adapt(quotas())
    task = {"Type": "Task", "Resource": HALF_FUNCTION, "ResultPath": "$.result"}
    done = run(limited, only(task | {"OutputPath": "$.result"}), {"input": HALF})
    assert json.loads(done["output"]) == HALF


def test_a_result_that_looks_like_an_answer_of_lambda_is_measured_whole(limited: Any) -> None:
    limited.adapt(quotas())
    limited.functions.by_name = {"f": lambda _: {"StatusCode": 200}}
    assert json.loads(run(limited, only({"Type": "Task", "Resource": LAMBDA}))["output"]) == {"StatusCode": 200}
