"""States that the compiler does not write yet, and how errors, retries and nested executions go."""

from typing import Any, cast

import pytest
from pydantic import JsonValue

from stepweave.compiler.asl import Definition
from stepweave.contract.event import TaskEvent
from stepweave.simulator.processes import DeadlockError
from stepweave.simulator.simulation import TaskError, Trace, simulate

START_EXECUTION = "arn:aws:states:::states:startExecution.sync:2"


def machine(start: str, **states: Any) -> Definition:
    return cast("Definition", {"Comment": "", "TimeoutSeconds": 60, "StartAt": start, "States": states})


def task(name: str, execution: str = "$$.Execution.Id", **more: Any) -> dict[str, Any]:
    event = {"execution.$": execution, "task": name, "input": {}, "result_limit_bytes": 1000}
    event |= more.pop("event", {})
    return {"Type": "Task", "Resource": "${agent_worker}", "Parameters": event, "End": True, **more}


def run(definition: Definition, given: JsonValue = None, **options: Any) -> Trace:
    return simulate(definition, given, options.pop("run", lambda event, attempt: event.task), **options)


def test_wait_takes_its_seconds() -> None:
    fixed = machine("w", w={"Type": "Wait", "Seconds": 7, "End": True})
    assert run(fixed, {"x": 1}).makespan == 7
    given = machine("w", w={"Type": "Wait", "SecondsPath": "$.pause", "End": True})
    trace = run(given, {"pause": 3})
    assert (trace.makespan, trace.output) == (3, {"pause": 3})


@pytest.mark.parametrize(
    ("limit", "makespan"),
    [({}, 2.0), ({"MaxConcurrency": 0}, 2.0), ({"MaxConcurrency": 2}, 4.0), ({"MaxConcurrency": 1}, 6.0)],
)
def test_a_map_runs_as_many_items_at_once_as_it_may(limit: dict[str, int], makespan: float) -> None:
    processor = {"StartAt": "t", "States": {"t": task("t", event={"input": {"n.$": "$.n"}})}}
    definition = machine(
        "m",
        m={
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"n.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"},
            "ItemProcessor": processor,
            "End": True,
            **limit,
        },
    )
    trace = run(definition, {"items": [5, 6, 7]}, run=lambda event, attempt: event.input["n"], seconds={"t": 2.0})
    assert (trace.output, trace.makespan) == ([5, 6, 7], makespan)
    assert trace.transitions == 4


def test_an_item_without_a_selector_is_the_input() -> None:
    processor = {"StartAt": "p", "States": {"p": {"Type": "Pass", "End": True}}}
    definition = machine("m", m={"Type": "Map", "ItemProcessor": processor, "End": True})
    assert run(definition, [1, "two"]).output == [1, "two"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.n", "NumericEquals": 3}, True),
        ({"Variable": "$.n", "NumericLessThan": 3}, False),
        ({"Variable": "$.n", "NumericGreaterThanEqualsPath": "$.m"}, True),
        ({"Variable": "$.s", "StringEquals": "x"}, True),
        ({"Variable": "$.n", "StringEquals": "3"}, False),
        ({"Variable": "$.yes", "BooleanEquals": True}, True),
        ({"Variable": "$.yes", "NumericEquals": 1}, False),
        ({"Variable": "$.none", "IsNull": True}, True),
        ({"Variable": "$.n", "IsString": False}, True),
        ({"Variable": "$.missing", "IsPresent": False}, True),
        ({"Not": {"Variable": "$.n", "NumericEquals": 3}}, False),
        ({"Or": [{"Variable": "$.n", "NumericEquals": 4}, {"Variable": "$.s", "StringEquals": "x"}]}, True),
        ({"And": [{"Variable": "$.n", "NumericEquals": 3}, {"Variable": "$.s", "StringEquals": "y"}]}, False),
    ],
)
def test_choice(rule: dict[str, Any], holds: bool) -> None:
    definition = machine(
        "c",
        c={"Type": "Choice", "Choices": [{**rule, "Next": "yes"}], "Default": "no"},
        yes={"Type": "Pass", "Result": True, "End": True},
        no={"Type": "Pass", "Result": False, "End": True},
    )
    given: JsonValue = {"n": 3, "m": 2, "s": "x", "yes": True, "none": None}
    assert run(definition, given).output is holds


def test_a_choice_without_a_default_fails_where_nothing_matches() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Next": "c"}
    with pytest.raises(TaskError) as failed:
        run(machine("c", c={"Type": "Choice", "Choices": [rule]}), {"n": 2})
    assert failed.value.error == "States.NoChoiceMatched"


def test_fail_and_succeed_end_an_execution() -> None:
    assert run(machine("s", s={"Type": "Succeed"}), {"a": 1}).output == {"a": 1}
    with pytest.raises(TaskError) as failed:
        run(machine("f", f={"Type": "Fail", "Error": "Own", "Cause": "why"}))
    assert (failed.value.error, failed.value.cause) == ("Own", "why")


def test_each_retrier_counts_for_itself() -> None:
    retry = [
        {"ErrorEquals": [error], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 2.0, "MaxDelaySeconds": 9}
        for error in ("One", "Two")
    ]

    def fail(event: TaskEvent, attempt: int) -> JsonValue:
        if attempt < 2:
            raise TaskError(("One", "Two")[attempt])
        return "done"

    trace = run(machine("t", t=task("t", Retry=retry)), run=fail)
    assert (trace.output, trace.attempts, trace.makespan) == ("done", {"t": 3}, 2.0)


def _nested(gate: bool = False) -> tuple[Definition, Definition]:
    """Two executions side by side in time: the nested one's task opens a gate of the main one."""
    signals: dict[str, Any] = {"signals": [{"gate": "g", "need": 1}]} if gate else {}
    inner = machine("b", b=task("b", "$$.Execution.Input.root", event=signals))
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "Parameters": {
            "Key": {"id": {"S.$": "States.Format('{}#g', $$.Execution.Id)"}},
            "ConditionExpression": "attribute_not_exists(arrived) OR arrived < :need",
            "UpdateExpression": "SET waiter = :token",
            "ExpressionAttributeValues": {":need": {"N": "1"}, ":token": {"S.$": "$$.Task.Token"}},
        },
        "ResultPath": None,
        "Next": "c",
    }
    start = {
        "Type": "Task",
        "Resource": START_EXECUTION,
        "Parameters": {"StateMachineArn": "${nested_1}", "Input": {"root.$": "$$.Execution.Id"}},
        "ResultSelector": {"b.$": "$.Output"},
        "End": True,
    }
    branches = [
        {"StartAt": "n", "States": {"n": start}},
        {"StartAt": "g", "States": {"g": wait, "c": task("c")}},
    ]
    return machine("p", p={"Type": "Parallel", "Branches": branches, "End": True}), inner


def test_a_gate_opens_across_nested_executions() -> None:
    outer, inner = _nested(gate=True)
    trace = run(outer, {}, seconds={"b": 2.0, "c": 3.0}, nested={"nested_1": inner})
    assert trace.output == [{"b": "b"}, "c"]
    assert trace.makespan == 5.0
    assert trace.executions == 2
    assert trace.transitions == 5
    assert trace.history_events == max(trace.histories) == trace.histories[0]


def test_a_gate_that_nobody_opens_is_told() -> None:
    outer, inner = _nested(gate=False)
    with pytest.raises(DeadlockError):
        run(outer, {}, nested={"nested_1": inner})


def test_the_failure_of_a_nested_execution_is_one_of_its_state() -> None:
    outer, inner = _nested()
    start: Any = outer["States"]["p"]["Branches"][0]["States"]["n"]

    def fail(event: TaskEvent, attempt: int) -> JsonValue:
        raise TaskError("Own", "why")

    with pytest.raises(TaskError) as failed:
        run(machine("n", n=start), {}, run=fail, nested={"nested_1": inner})
    assert failed.value.error == "States.TaskFailed"
    assert "Own" in failed.value.cause
