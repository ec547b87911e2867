"""Runs of distributed Map states: batches, failures, results, and what the API says of all these."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.adapters.step_functions.attempt_programs import LONGEST_EXPRESS_EXECUTION
from stepweave.local_cloud.adapters.step_functions.distributed_maps import distributed_maps
from stepweave.local_cloud.adapters.step_functions.map_run_api import map_run_api
from stepweave.local_cloud.adapters.step_functions.map_runs import is_exceeded, map_runs
from stepweave.local_cloud.clock.controlled_modules import engine_on
from stepweave.local_cloud.clock.virtual_clock import VirtualClock
from tests.unit.local_cloud.adapters.conftest import jsonata

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
NO_MORE_THAN_3 = {
    "StartAt": "C",
    "States": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericGreaterThan": 3, "Next": "F"}],
            "Default": "P",
        },
        "F": {"Type": "Fail", "Error": "TooMuch", "Cause": "more than 3"},
        "P": {"Type": "Pass", "End": True},
    },
}
THRESHOLD = "States.ExceedToleratedFailureThreshold"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
TASK = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": LAMBDA, "End": True}}}


def machine(processor: dict[str, Any] = PASS, kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    configured = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **processor}
    state = {"Type": "Map", "Label": "L", "ItemProcessor": configured, "End": True, **fields}
    return {"StartAt": "M", "States": {"M": state}}


def run(engine: Any, definition: dict[str, Any], items: Any = None) -> dict[str, Any]:
    execution = engine.start(definition, items)
    return {**engine.end(execution), "kinds": engine.kinds(execution)}


def output(engine: Any, definition: dict[str, Any], items: Any) -> Any:
    ended = run(engine, definition, items)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


@pytest.fixture
def mapping(engine: Any) -> Any:
    """The engine with the adapters under test."""
    engine.adapt(distributed_maps(), map_runs(), map_run_api())
    return engine


def map_run_of(engine: Any, execution: str) -> dict[str, Any]:
    (listed,) = engine.client.list_map_runs(executionArn=execution)["mapRuns"]
    described: dict[str, Any] = engine.client.describe_map_run(mapRunArn=listed["mapRunArn"])
    return described


def children_of(engine: Any, execution: str, **wanted: Any) -> list[dict[str, Any]]:
    arn = map_run_of(engine, execution)["mapRunArn"]
    pages = engine.client.get_paginator("list_executions").paginate(mapRunArn=arn, **wanted)
    return [child for page in pages for child in page["executions"]]


def test_upstream_takes_failures_for_nulls(engine: Any) -> None:
    assert json.loads(run(engine, machine(NO_MORE_THAN_3), [1, 9])["output"]) == [1, None]
    engine.adapt(distributed_maps(), map_runs(), map_run_api())
    failed = run(engine, machine(NO_MORE_THAN_3), [1, 9])
    assert (failed["status"], failed["error"]) == ("FAILED", THRESHOLD)
    assert failed["cause"] == "The specified tolerated failure threshold was exceeded"
    assert failed["kinds"][-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 34}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 33}, "FAILED"),
        ({"ToleratedFailureCount": 1, "ToleratedFailurePercentage": 33}, "FAILED"),
        ({"ToleratedFailureCountPath": "$[0]"}, "SUCCEEDED"),
    ],
)
def test_some_failures_are_tolerated(engine: Any, tolerance: dict[str, Any], status: str) -> None:
    engine.adapt(distributed_maps(), map_runs(), map_run_api())
    execution = engine.start(machine(NO_MORE_THAN_3, **tolerance), [1, 9, 2])
    assert engine.end(execution)["status"] == status
    (map_run,) = engine.client.list_map_runs(executionArn=execution)["mapRuns"]
    described = engine.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["status"] == status
    assert described["executionCounts"]["failed"] == described["itemCounts"]["failed"] == 1
    if status == "SUCCEEDED":
        assert (described["executionCounts"]["succeeded"], described["executionCounts"]["running"]) == (2, 0)


def test_the_failure_can_be_caught(engine: Any) -> None:
    engine.adapt(distributed_maps(), map_runs(), map_run_api())
    definition = machine(NO_MORE_THAN_3, Catch=[{"ErrorEquals": [THRESHOLD], "Next": "Then"}])
    definition["States"]["Then"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert json.loads(run(engine, definition, [9])["output"]) == "caught"


def test_items_are_batched(mapping: Any) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"shared.$": "$.shared", "fixed": 1}}
    definition = machine(ItemsPath="$.items", ItemBatcher=batcher)
    shared = {"shared": "s", "fixed": 1}
    assert output(mapping, definition, {"shared": "s", "items": [1, 2, 3]}) == [
        {"BatchInput": shared, "Items": [1, 2]},
        {"BatchInput": shared, "Items": [3]},
    ]


def test_items_are_selected_before_they_are_batched(mapping: Any) -> None:
    selector = {"item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index", "of.$": "$.of"}
    definition = machine(ItemsPath="$.items", ItemSelector=selector, ItemBatcher={"MaxItemsPerBatchPath": "$.size"})
    assert output(mapping, definition, {"of": "o", "size": 2, "items": ["a", "b", "c"]}) == [
        {"Items": [{"item": "a", "index": 0, "of": "o"}, {"item": "b", "index": 1, "of": "o"}]},
        {"Items": [{"item": "c", "index": 2, "of": "o"}]},
    ]


def test_batches_are_said_in_jsonata_too(mapping: Any) -> None:
    mapping.adapt(jsonata())
    batcher = {"MaxItemsPerBatch": "{% $states.input.size %}", "BatchInput": {"of": "{% $states.input.of %}"}}
    definition = machine(Items="{% $states.input.items %}", ItemBatcher=batcher) | {"QueryLanguage": "JSONata"}
    assert output(mapping, definition, {"of": "o", "size": 2, "items": [1, 2, 3]}) == [
        {"BatchInput": {"of": "o"}, "Items": [1, 2]},
        {"BatchInput": {"of": "o"}, "Items": [3]},
    ]


@pytest.mark.parametrize(
    ("batcher", "error"),
    [
        ({"MaxItemsPerBatchPath": "$[0]"}, "States.Runtime"),
        ({"MaxInputBytesPerBatch": 5}, "States.DataLimitExceeded"),
    ],
)
def test_batches_that_cannot_be_made_fail_the_state(mapping: Any, batcher: dict[str, Any], error: str) -> None:
    failed = run(mapping, machine(ItemBatcher=batcher), ["text"])
    assert (failed["status"], failed["error"]) == ("FAILED", error)
    assert failed["kinds"][-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_items_are_counted_in_batches(mapping: Any) -> None:
    first = {"Variable": "$.Items[0]", "NumericEquals": 0, "Next": "F"}
    states = {"C": {"Type": "Choice", "Choices": [first], "Default": "P"}, "F": {"Type": "Fail"}}
    processor = {"StartAt": "C", "States": {**PASS["States"], **states}}  # type: ignore[dict-item]
    fields: dict[str, Any] = {"ItemBatcher": {"MaxItemsPerBatch": 3}, "ToleratedFailureCount": 3}
    execution = mapping.start(machine(processor, **fields), list(range(5)))
    assert mapping.end(execution)["status"] == "SUCCEEDED"
    described = map_run_of(mapping, execution)
    executions, items = described["executionCounts"], described["itemCounts"]
    assert (executions["total"], executions["failed"], executions["succeeded"]) == (2, 1, 1)
    assert (items["total"], items["failed"], items["succeeded"]) == (5, 3, 2)
    assert sorted(child["itemCount"] for child in children_of(mapping, execution)) == [2, 3]
    fields["ToleratedFailureCount"] = 2
    assert run(mapping, machine(processor, **fields), list(range(5)))["error"] == THRESHOLD


def test_children_are_executions(mapping: Any) -> None:
    context = {"execution.$": "$$.Execution", "machine.$": "$$.StateMachine.Id"}
    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": context, "End": True}}}
    execution = mapping.start(machine(processor), [{"a": 1}, {"a": 2}])
    parent = mapping.end(execution)
    children = children_of(mapping, execution)
    assert children_of(mapping, execution, PaginationConfig={"PageSize": 1}) == children
    assert children_of(mapping, execution, statusFilter="FAILED") == []
    outputs = json.loads(parent["output"])
    assert {each["execution"]["Id"] for each in outputs} == {child["executionArn"] for child in children}
    machine_arn = f"{parent['stateMachineArn']}/L"
    assert {each["machine"] for each in outputs} == {machine_arn}
    map_run_arn = map_run_of(mapping, execution)["mapRunArn"]
    for child in children:
        assert (child["status"], child["stateMachineArn"]) == ("SUCCEEDED", machine_arn)
        assert child["executionArn"] == f"{machine_arn}:{child['name']}".replace(":stateMachine:", ":execution:")
        described = mapping.client.describe_execution(executionArn=child["executionArn"])
        assert described["mapRunArn"] == child["mapRunArn"] == map_run_arn
        assert json.loads(described["output"])["execution"]["Input"] == json.loads(described["input"])
        assert described["redriveStatus"] == "NOT_REDRIVABLE"
        kinds = mapping.kinds(child["executionArn"])
        assert kinds == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        assert [event["id"] for event in mapping.history(child["executionArn"])] == [1, 2, 3, 4]


def test_what_does_not_exist_is_not_found(mapping: Any) -> None:
    execution = mapping.start(machine(), [1])
    mapping.end(execution)
    arn = map_run_of(mapping, execution)["mapRunArn"]
    with pytest.raises(mapping.client.exceptions.ResourceNotFound):
        mapping.client.describe_map_run(mapRunArn=f"{arn}x")
    with pytest.raises(mapping.client.exceptions.ResourceNotFound):
        mapping.client.list_executions(mapRunArn=f"{arn}x")
    child = children_of(mapping, execution)[0]["executionArn"]
    with pytest.raises(mapping.client.exceptions.ExecutionDoesNotExist):
        mapping.client.describe_execution(executionArn=f"{child}x")


def test_a_child_that_failed_says_why(mapping: Any) -> None:
    execution = mapping.start(machine(NO_MORE_THAN_3, ToleratedFailureCount=1), [1, 9])
    one, nine = json.loads(mapping.end(execution)["output"])
    assert one == 1
    assert (nine["Status"], nine["Error"], nine["Cause"], nine["Input"]) == ("FAILED", "TooMuch", "more than 3", "9")
    (child,) = children_of(mapping, execution, statusFilter="FAILED")
    described = mapping.client.describe_execution(executionArn=child["executionArn"])
    assert (described["error"], described["cause"]) == ("TooMuch", "more than 3")
    assert mapping.kinds(child["executionArn"])[-2:] == ["FailStateEntered", "ExecutionFailed"]
    with pytest.raises(ClientError, match="belongs to a Map run"):
        mapping.client.redrive_execution(executionArn=child["executionArn"])


def test_an_item_selector_that_fails_fails_the_state(mapping: Any) -> None:
    failed = run(mapping, machine(ItemSelector={"a.$": "States.StringToJson('{')"}, ToleratedFailureCount=5), [1])
    assert failed["status"] == "FAILED"
    assert failed["error"] != THRESHOLD


def test_a_run_that_is_stopped_stops_its_children(mapping: Any) -> None:
    held = threading.Event()
    mapping.functions.by_name = {"f": lambda _: held.wait(30)}
    execution = mapping.start(machine(TASK, MaxConcurrency=1), [1, 2])
    mapping.until(lambda: mapping.functions.calls)
    mapping.client.stop_execution(executionArn=execution)
    mapping.until(lambda: map_run_of(mapping, execution)["status"] == "ABORTED")
    counts = map_run_of(mapping, execution)["executionCounts"]
    assert (counts["aborted"], counts["pending"], counts["running"]) == (1, 1, 0)
    held.set()


def test_a_redrive_runs_only_the_children_that_did_not_succeed(mapping: Any) -> None:
    failing = {9}

    def check(value: int) -> int:
        if value in failing:
            raise ValueError(value)
        return value

    mapping.functions.by_name = {"f": check}
    execution = mapping.start(machine(TASK, MaxConcurrency=1), [1, 9, 2])
    assert mapping.end(execution)["error"] == THRESHOLD
    failing.clear()
    mapping.client.redrive_execution(executionArn=execution)
    mapping.until(lambda: mapping.client.describe_execution(executionArn=execution)["status"] == "SUCCEEDED")
    assert json.loads(mapping.end(execution)["output"]) == [1, 9, 2]
    assert [value for _, value in mapping.functions.calls] == [1, 9, 9, 2]


def test_a_child_can_be_stopped(mapping: Any) -> None:
    held = threading.Event()
    mapping.functions.by_name = {"f": lambda _: held.wait(30)}
    execution = mapping.start(machine(TASK), [1])
    mapping.until(lambda: mapping.functions.calls)
    (child,) = children_of(mapping, execution)
    mapping.client.stop_execution(executionArn=child["executionArn"], error="E", cause="C")
    described = mapping.client.describe_execution(executionArn=child["executionArn"])
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "E", "C")
    assert mapping.kinds(child["executionArn"])[-1] == "ExecutionAborted"
    held.set()
    assert mapping.end(execution)["status"] == "SUCCEEDED"


def test_express_children_last_five_minutes_at_most(mapping: Any) -> None:
    clock = VirtualClock()
    mapping.adapt(engine_on(clock))
    processor = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    execution = mapping.start(machine(processor, "EXPRESS", ToleratedFailureCount=1), [1])

    def ended() -> bool:
        clock.await_idle(0.01)
        clock.skip()
        time.sleep(0.001)
        return bool(mapping.client.describe_execution(executionArn=execution)["status"] != "RUNNING")

    mapping.until(ended)
    (child,) = children_of(mapping, execution)
    assert child["status"] == "TIMED_OUT"
    assert ":express:" in child["executionArn"]
    lasted = (child["stopDate"] - child["startDate"]).total_seconds()
    assert LONGEST_EXPRESS_EXECUTION - 1 < lasted < LONGEST_EXPRESS_EXECUTION + 60
    assert map_run_of(mapping, execution)["executionCounts"]["timedOut"] == 1


Read = Callable[[str], Any]


@pytest.fixture
def read(client: Callable[[str], Any]) -> Read:
    """Reads an object that was written, as text."""
    client("s3").create_bucket(Bucket="of-results")
    return lambda key: client("s3").get_object(Bucket="of-results", Key=key)["Body"].read().decode()


def writer(**configuration: str) -> dict[str, Any]:
    parameters = {"Bucket.$": "$.bucket", "Prefix": "runs"}
    fields = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": parameters}
    return {**fields, "WriterConfig": configuration} if configuration else fields


def test_results_are_written(mapping: Any, read: Read) -> None:
    definition = machine(NO_MORE_THAN_3, ItemsPath="$.items", ToleratedFailureCount=1, ResultWriter=writer())
    execution = mapping.start(definition, {"bucket": "of-results", "items": [1, 9, 2]})
    ended = json.loads(mapping.end(execution)["output"])
    described = map_run_of(mapping, execution)
    folder = f"runs/{described['mapRunArn'].rpartition(':')[2]}"
    assert ended == {
        "MapRunArn": described["mapRunArn"],
        "ResultWriterDetails": {"Bucket": "of-results", "Key": f"{folder}/manifest.json"},
    }
    manifest = json.loads(read(ended["ResultWriterDetails"]["Key"]))
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == ("of-results", described["mapRunArn"])
    assert manifest["ResultFiles"]["PENDING"] == []
    (succeeded,), (failed,) = manifest["ResultFiles"]["SUCCEEDED"], manifest["ResultFiles"]["FAILED"]
    assert (succeeded["Key"], failed["Key"]) == (f"{folder}/SUCCEEDED_0.json", f"{folder}/FAILED_0.json")
    assert succeeded["Size"] == len(read(succeeded["Key"]).encode())
    records = json.loads(read(succeeded["Key"]))
    assert [(record["Status"], record["Input"], record["Output"]) for record in records] == [
        ("SUCCEEDED", "1", "1"),
        ("SUCCEEDED", "2", "2"),
    ]
    assert {record["ExecutionArn"] for record in records} == {
        child["executionArn"] for child in children_of(mapping, execution, statusFilter="SUCCEEDED")
    }
    (record,) = json.loads(read(failed["Key"]))
    assert (record["Error"], record["Cause"], record["Input"]) == ("TooMuch", "more than 3", "9")
    assert described["executionCounts"]["resultsWritten"] == 3


@pytest.mark.parametrize(
    ("configuration", "name", "content"),
    [
        ({"OutputType": "JSONL", "Transformation": "COMPACT"}, "SUCCEEDED_0.jsonl", "[1,2]\n3\n"),
        ({"OutputType": "JSON", "Transformation": "FLATTEN"}, "SUCCEEDED_0.json", "[1,2,3]"),
    ],
)
def test_results_are_transformed(
    mapping: Any, read: Read, configuration: dict[str, str], name: str, content: str
) -> None:
    definition = machine(ItemsPath="$.items", ResultWriter=writer(**configuration))
    written = output(mapping, definition, {"bucket": "of-results", "items": [[1, 2], 3]})
    assert read(written["ResultWriterDetails"]["Key"].replace("manifest.json", name)) == content


def test_results_are_transformed_without_being_written(mapping: Any) -> None:
    configuration = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    assert output(mapping, machine(ResultWriter=configuration), [[1, 2], 3]) == [1, 2, 3]


def test_results_of_a_run_that_fails_are_written(mapping: Any, read: Read, client: Callable[[str], Any]) -> None:
    definition = machine(NO_MORE_THAN_3, ItemsPath="$.items", MaxConcurrency=1, ResultWriter=writer())
    execution = mapping.start(definition, {"bucket": "of-results", "items": [1, 9, 2]})
    assert mapping.end(execution)["error"] == THRESHOLD
    keys = [found["Key"] for found in client("s3").list_objects_v2(Bucket="of-results")["Contents"]]
    assert [key.rpartition("/")[2] for key in keys] == [
        "FAILED_0.json",
        "PENDING_0.json",
        "SUCCEEDED_0.json",
        "manifest.json",
    ]
    assert [record["Input"] for record in json.loads(read(keys[1]))] == ["2"]


def test_results_that_cannot_be_written_fail_the_state(mapping: Any) -> None:
    definition = machine(ItemsPath="$.items", ResultWriter=writer())
    failed = run(mapping, definition, {"bucket": "there-is-none", "items": [1]})
    assert (failed["error"], failed["cause"]) == ("States.ResultWriterFailed", "The specified bucket does not exist")
    assert "MapRunSucceeded" not in failed["kinds"]


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10), st.floats(0, 100))
def test_more_failures_are_never_better(succeeded: int, failed: int, count: int, percentage: float) -> None:
    total = succeeded + failed + 1
    assert not is_exceeded(0, total, count, percentage)
    assert is_exceeded(failed, total, count, percentage) <= is_exceeded(failed + 1, total, count, percentage)
    assert not is_exceeded(failed, total, 0, 100.0)
