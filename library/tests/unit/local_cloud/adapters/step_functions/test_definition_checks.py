"""Definitions that AWS refuses."""

import json
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.definition_checks import definition_checks
from stepweave.local_cloud.adapters.step_functions.json_text import json_text

PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


REFUSED = {
    "start": ({"StartAt": "B", "States": {"A": PASS}}, "Missing 'StartAt' target: B at /StartAt"),
    "next": (machine(A={"Type": "Pass", "Next": "B"}), "Missing 'Next' target: B at /States/A/Next"),
    "default": (
        machine(
            A={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "B"}], "Default": "C"}, B=PASS
        ),
        "Missing 'Default' target: C at /States/A/Default",
    ),
    "choice": (
        machine(A={"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "B"}]}),
        "Missing 'Next' target: B at /States/A/Choices[0]/Next",
    ),
    "unreachable": (machine(A=PASS, B=PASS), 'State "B" is not reachable. at /States/B'),
    "type": (machine(A={"Type": "Job", "End": True}), "at /States/A/Type"),
    "no type": (machine(A={"End": True}), "at /States/A/Type"),
    "no end": (machine(A={"Type": "Pass"}), "at /States/A"),
    "two ends": (machine(A=PASS | {"Next": "A"}), "at /States/A"),
    "field": (
        machine(A=PASS | {"TimeoutSecond": 1}),
        "Field 'TimeoutSecond' is not supported at /States/A/TimeoutSecond",
    ),
    "top field": (machine(A=PASS) | {"Timeout": 1}, "Field 'Timeout' is not supported at /Timeout"),
    "no resource": (machine(A={"Type": "Task", "End": True}), "at /States/A"),
    "two waits": (machine(A={"Type": "Wait", "Seconds": 1, "SecondsPath": "$", "End": True}), "at /States/A"),
    "no branch": (machine(A={"Type": "Parallel", "Branches": [], "End": True}), "at /States/A/Branches"),
    "branch": (
        machine(A={"Type": "Parallel", "Branches": [machine(B=PASS | {"Next": "C"})], "End": True}),
        "Missing 'Next' target: C at /States/A/Branches[0]/States/B/Next",
    ),
    "twice": (
        machine(A={"Type": "Parallel", "Branches": [machine(B=PASS), machine(B=PASS)], "End": True}),
        "Duplicate State name: B at /States/A/Branches[1]/States/B",
    ),
    "name": (machine(**{"n" * 81: PASS}), "at most 80 characters"),
    "catch all first": (
        machine(
            A={
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
                "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}],
                "End": True,
            }
        ),
        "at /States/A/Retry[0]/ErrorEquals",
    ),
    "no states": ({"StartAt": "A", "States": {}}, "at /States"),
    "understood by no one": (
        machine(
            A={
                "Type": "Parallel",
                "Branches": [machine(B=PASS | {"Parameters": {"x.$": "States.Nothing()"}})],
                "End": True,
            }
        ),
        "at /States/A/Branches[0]/States/B",
    ),
}


@pytest.mark.parametrize(("definition", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_aws_refuses_is_refused_with_its_place(bare_engine: Any, definition: dict[str, Any], message: str) -> None:
    bare_engine.adapt(definition_checks())
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition) as refusal:
        bare_engine.create(definition)
    assert message in refusal.value.response["Error"]["Message"]


def test_upstream_accepts_a_transition_to_nowhere(bare_engine: Any) -> None:
    bare_engine.create(REFUSED["next"][0])


def test_text_that_is_no_json_is_refused(bare_engine: Any) -> None:
    bare_engine.adapt(definition_checks())
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition, match="INVALID_JSON_DESCRIPTION"):
        bare_engine.client.create_state_machine(
            name="m", roleArn="arn:aws:iam::123456789012:role/test", definition="{nothing"
        )


def test_a_name_stands_for_one_definition(bare_engine: Any) -> None:
    bare_engine.adapt(definition_checks())
    first = bare_engine.create(machine(A=PASS), name="taken")
    assert bare_engine.create(machine(A=PASS), name="taken") == first
    with pytest.raises(bare_engine.client.exceptions.StateMachineAlreadyExists):
        bare_engine.create(machine(B=PASS), name="taken")


@pytest.mark.parametrize("number", ["5e-05", "5E+007", "-1.5e-010", "1e00"])
def test_numbers_are_json(engine: Any, number: str) -> None:
    engine.adapt(json_text())
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"n": %s, "t": "5e-05"}, "End": true}}}'
    created = engine.client.create_state_machine(
        name="numbers", roleArn="arn:aws:iam::123456789012:role/test", definition=definition % number
    )
    output = json.loads(engine.end(engine.start(created["stateMachineArn"]))["output"])
    assert output == {"n": json.loads(number), "t": "5e-05"}


@pytest.mark.parametrize("text", ['"', "\\", "a\nb", "\u00e9", "\U0001f197", '{"key": "value"}', "/", "{% not %}"])
def test_text_is_json(engine: Any, text: str) -> None:
    engine.adapt(json_text())
    state = {"Type": "Pass", "Result": {"t": text}, "End": True}
    definition = {"StartAt": text, "States": {text: state}}
    execution = engine.start(definition)
    assert json.loads(engine.end(execution)["output"]) == {"t": text}
    assert engine.history(execution)[1]["stateEnteredEventDetails"]["name"] == text
