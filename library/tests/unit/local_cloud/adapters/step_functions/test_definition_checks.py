"""Definitions that AWS refuses."""

import json
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.definition_checks import (
    InvalidDefinition,
    check_definition,
    definition_checks,
    diagnostics,
)
from stepweave.local_cloud.adapters.step_functions.definition_problems import problems
from stepweave.local_cloud.adapters.step_functions.json_text import json_text

PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def task(**fields: Any) -> dict[str, Any]:
    return machine(A={"Type": "Task", "Resource": FUNCTION, "End": True} | fields)


def choice(**rule: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": [{"Next": "B"} | rule], "Default": "B"}, B=PASS)


def processor(**config: Any) -> dict[str, Any]:
    part = machine(B=PASS) | {"ProcessorConfig": config}
    return machine(A={"Type": "Map", "ItemProcessor": part, "End": True})


REFUSED = {
    "nothing": ({}, "'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'"),
    "no end anywhere": (
        machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}),
        "'MISSING_END_STATE: Workflow has no terminal state at null'",
    ),
    "retries of a pass": (machine(A=PASS | {"Retry": []}), "Field 'Retry' is not supported at /States/A'"),
    "time of a map": (machine(A=PASS | {"TimeoutSeconds": 1}), "Field 'TimeoutSeconds' is not supported at /States/A'"),
    "text as a time": (task(TimeoutSeconds="5"), "at /States/A/TimeoutSeconds'"),
    "truth as a time": (task(TimeoutSeconds=True), "at /States/A/TimeoutSeconds'"),
    "no time": (task(TimeoutSeconds=0), "at /States/A/TimeoutSeconds'"),
    "two times": (task(TimeoutSeconds=1, TimeoutSecondsPath="$.t"), "mutually exclusive"),
    "late heartbeat": (task(TimeoutSeconds=5, HeartbeatSeconds=5), "at /States/A/HeartbeatSeconds'"),
    "no role": (task(Credentials={}), "The field 'RoleArn' is required but was missing at /States/A/Credentials'"),
    "path": (task(InputPath="a.b"), "at /States/A/InputPath'"),
    "result path": (task(ResultPath="$.a[*]"), "at /States/A/ResultPath'"),
    "result path into the context": (task(ResultPath="$$.a"), "at /States/A/ResultPath'"),
    "no path in a template": (
        task(Parameters={"a": [{"b.$": "c"}]}),
        "'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters'",
    ),
    "no call in a template": (task(ResultSelector={"b.$": "States.Array("}), "at /States/A/ResultSelector'"),
    "number in a template": (task(Parameters={"b.$": 5}), "at /States/A/Parameters'"),
    "retrier": (
        task(Retry=[{"ErrorEquals": ["E"], "Interval": 1}]),
        "'Interval' is not supported at /States/A/Retry[0]'",
    ),
    "attempts": (task(Retry=[{"ErrorEquals": ["E"], "MaxAttempts": -1}]), "at /States/A/Retry[0]/MaxAttempts'"),
    "rate": (task(Retry=[{"ErrorEquals": ["E"], "BackoffRate": 0.5}]), "at /States/A/Retry[0]/BackoffRate'"),
    "jitter": (task(Retry=[{"ErrorEquals": ["E"], "JitterStrategy": "HALF"}]), "at /States/A/Retry[0]/JitterStrategy'"),
    "delay": (
        task(Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}]),
        "at /States/A/Retry[0]/MaxDelaySeconds'",
    ),
    "no errors": (task(Retry=[{"ErrorEquals": []}]), "Value cannot be empty at /States/A/Retry[0]/ErrorEquals'"),
    "catcher": (task(Catch=[{"ErrorEquals": ["E"]}]), "These fields are required: [Next] at /States/A/Catch[0]'"),
    "catch all with others": (
        task(Retry=[{"ErrorEquals": ["States.ALL", "E"]}]),
        "at /States/A/Retry[0]/ErrorEquals'",
    ),
    "comparison": (
        choice(Variable="$.a", NumericEqual=1),
        "Field 'NumericEqual' is not supported at /States/A/Choices[0]",
    ),
    "two comparisons": (choice(Variable="$.a", IsNull=True, IsString=True), "at /States/A/Choices[0]'"),
    "comparison with text": (choice(Variable="$.a", NumericEquals="1"), "at /States/A/Choices[0]/NumericEquals'"),
    "comparison with no path": (
        choice(Variable="$.a", NumericEqualsPath="1"),
        "at /States/A/Choices[0]/NumericEqualsPath'",
    ),
    "comparison with no time": (
        choice(Variable="$.a", TimestampEquals="2024-01-01"),
        "String does not match RFC3339 timestamp at /States/A/Choices[0]/TimestampEquals'",
    ),
    "no variable": (choice(IsNull=True), "These fields are required: [Variable] at /States/A/Choices[0]'"),
    "inner rule that leads on": (
        choice(Not={"Variable": "$.a", "IsNull": True, "Next": "B"}),
        "Field 'Next' is not supported at /States/A/Choices[0]/Not'",
    ),
    "nothing to combine": (choice(And=[]), "Value cannot be empty at /States/A/Choices[0]/And'"),
    "timestamp": (
        machine(A={"Type": "Wait", "Timestamp": "2016-12-05 21:29:29Z", "End": True}),
        "String does not match RFC3339 timestamp at /States/A/Timestamp'",
    ),
    "two errors": (
        machine(A={"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        "mutually exclusive: [Error, ErrorPath]",
    ),
    "mode": (processor(Mode="REMOTE"), "at /States/A/ItemProcessor/ProcessorConfig/Mode'"),
    "no execution type": (processor(Mode="DISTRIBUTED"), "[ExecutionType] at /States/A/ItemProcessor/ProcessorConfig'"),
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
        "Field 'TimeoutSecond' is not supported at /States/A'",
    ),
    "top field": (machine(A=PASS) | {"Timeout": 1}, "Field 'Timeout' is not supported at /'"),
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
def test_what_aws_refuses_is_refused_with_its_place(definition: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDefinition) as refusal:
        check_definition(json.dumps(definition))
    assert message in refusal.value.message


def test_no_state_machine_is_made_or_changed_by_what_is_refused(bare_engine: Any) -> None:
    bare_engine.adapt(definition_checks())
    machine_arn = bare_engine.create(machine(A=PASS))
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition, match="Missing 'Next' target"):
        bare_engine.create(REFUSED["next"][0])
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition, match="Missing 'Next' target"):
        bare_engine.client.update_state_machine(stateMachineArn=machine_arn, definition=json.dumps(REFUSED["next"][0]))


ACCEPTED = {
    "paths": task(InputPath="$", OutputPath="$$.Execution.Id", ResultPath="$.a['b'][0]", Parameters={"a.$": "$v.b"}),
    "calls": task(Parameters={"a.$": "States.Format('a {}', $.b[?(@.c == 1)])"}, ResultSelector={"b.$": "$"}),
    "own names": task(
        Retry=[{"ErrorEquals": ["States.Own"], "MaxAttempts": 0, "BackoffRate": 1, "JitterStrategy": "FULL"}],
        Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "A"}],
    ),
    "rules": choice(
        Or=[{"Not": {"Variable": "$v", "IsPresent": True}}, {"Variable": "$$.State.Name", "StringMatches": "*"}]
    ),
    "times": machine(A={"Type": "Wait", "Timestamp": "2016-03-05T21:29:29.243167252+01:00", "End": True}),
    "failure": machine(A={"Type": "Fail", "ErrorPath": "States.UUID()", "CausePath": "$.c"}),
    "processor": processor(Mode="DISTRIBUTED", ExecutionType="EXPRESS"),
}


@pytest.mark.parametrize("definition", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_aws_accepts_has_no_problems(definition: dict[str, Any]) -> None:
    assert list(problems(definition)) == []


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ("arn:aws:states:::states:startExecution.sync", "'.sync' service integration at"),
        ("arn:aws:states:::states:startExecution.sync:2", "'.sync' service integration at"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "'.waitForTaskToken' service integration  at"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "Activity ARN at"),
    ],
)
def test_an_express_workflow_waits_for_nobody(resource: str, text: str) -> None:
    refused = json.dumps(task(Resource=resource))
    check_definition(refused)
    with pytest.raises(InvalidDefinition) as refusal:
        check_definition(refused, "EXPRESS")
    assert f"Express state machine does not support {text} /States/A/Resource'" in refusal.value.message


def test_the_type_of_a_state_machine_is_known_when_it_is_made_and_changed(bare_engine: Any) -> None:
    bare_engine.adapt(definition_checks())
    refused = task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition):
        bare_engine.create(refused, type="EXPRESS")
    express = bare_engine.create(task(), type="EXPRESS")
    with pytest.raises(bare_engine.client.exceptions.InvalidDefinition):
        bare_engine.client.update_state_machine(stateMachineArn=express, definition=json.dumps(refused))


@pytest.mark.parametrize(
    ("definition", "diagnostic"),
    [
        (json.dumps(machine(A=PASS)), None),
        (" ", ("SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object", None)),
        ("{}", ("SCHEMA_VALIDATION_FAILED", "These fields are required: [States, StartAt]", "/")),
        (
            "not a definition",
            (
                "INVALID_JSON_DESCRIPTION",
                "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' "
                "or 'false')\n at [Source: (String)\"not a definition\"; line: 1, column: 4]",
                '[Source: (String)"not a definition"; line: 1, column: 4]',
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_code_and_place(
    definition: str, diagnostic: tuple[str, str, str | None] | None
) -> None:
    told = [(each.code, each.text, each.place) for each in diagnostics(definition, "STANDARD")]
    assert told == ([] if diagnostic is None else [diagnostic])


def test_a_definition_can_be_checked_without_a_machine(bare_engine: Any) -> None:
    bare_engine.adapt(definition_checks())
    check = bare_engine.client.validate_state_machine_definition
    answer = check(definition=json.dumps(machine(A=PASS)), type="EXPRESS")
    assert (answer["result"], answer["diagnostics"], answer["truncated"]) == ("OK", [], False)
    answer = check(definition=json.dumps(machine(A=PASS, B=PASS, C=PASS)), maxResults=1)
    assert (answer["result"], len(answer["diagnostics"]), answer["truncated"]) == ("FAIL", 1, True)
    assert answer["diagnostics"][0]["location"] == "/States/B"


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
