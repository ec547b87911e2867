from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.api_constraints import detected, violations
from stepweave.local_cloud.adapters.step_functions.sdk_services import operation_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


def found(action: str, **parameters: Any) -> list[str]:
    operation = operation_of("stepfunctions", action)
    assert operation is not None
    texts = violations(parameters, operation.input_shape)
    return [text.partition(" failed to satisfy constraint: Member must ")[2] for text in texts]


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("listExecutions", {"stateMachineArn": MACHINE, "maxResults": 1000}, []),
        ("listExecutions", {"maxResults": 1001}, ["have value less than or equal to 1000"]),
        ("listStateMachines", {"nextToken": "t" * 1025}, ["have length less than or equal to 1024"]),
        ("startExecution", {}, ["not be null"]),
        ("startExecution", {"stateMachineArn": MACHINE, "name": "n" * 81}, ["have length less than or equal to 80"]),
        ("sendTaskSuccess", {"taskToken": "", "output": "1"}, ["have length greater than or equal to 1"]),
        (
            "createStateMachineAlias",
            {"name": "123", "routingConfiguration": [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 101}]},
            [
                r"satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
                "have value less than or equal to 100",
            ],
        ),
    ],
)
def test_what_the_model_does_not_allow_is_named(action: str, parameters: dict[str, Any], expected: list[str]) -> None:
    assert found(action, **parameters) == expected


def test_the_place_and_the_value_are_shown() -> None:
    operation = operation_of("stepfunctions", "createStateMachineAlias")
    assert operation is not None
    routes = [{"stateMachineVersionArn": MACHINE, "weight": 101}]
    (text,) = violations({"name": "a", "routingConfiguration": routes}, operation.input_shape)
    assert text.startswith("Value '101' at 'routingConfiguration.1.member.weight' failed")
    assert detected([text]) == f"1 validation error detected: {text}"
