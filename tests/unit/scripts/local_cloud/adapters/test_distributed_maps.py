"""Distributed Map states: what they read, and how many failures they bear."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from scripts.local_cloud.adapters.distributed_maps import distributed_maps, is_exceeded, understood

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


def machine(processor: dict[str, Any] = PASS, kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    configured = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **processor}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": configured, "End": True, **fields}}}


def run(engine: Any, definition: dict[str, Any], items: Any = None) -> dict[str, Any]:
    execution = engine.start(definition, items)
    return {**engine.end(execution), "kinds": engine.kinds(execution)}


@pytest.fixture
def bucket(client: Callable[[str], Any]) -> str:
    """A bucket with a JSON object."""
    client("s3").create_bucket(Bucket="of-items")
    client("s3").put_object(Bucket="of-items", Key="items.json", Body=b"[1, 2]")
    return "of-items"


def reader(action: str, **parameters: Any) -> dict[str, Any]:
    configuration = {"ReaderConfig": {"InputType": "JSON"}} if action == "getObject" else {}
    return {"ItemReader": {"Resource": f"arn:aws:states:::s3:{action}", "Parameters": parameters, **configuration}}


def test_upstream_takes_failures_for_nulls(engine: Any) -> None:
    assert json.loads(run(engine, machine(NO_MORE_THAN_3), [1, 9])["output"]) == [1, None]
    engine.adapt(distributed_maps())
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
    engine.adapt(distributed_maps())
    execution = engine.start(machine(NO_MORE_THAN_3, **tolerance), [1, 9, 2])
    assert engine.end(execution)["status"] == status
    (map_run,) = engine.client.list_map_runs(executionArn=execution)["mapRuns"]
    described = engine.client.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["status"] == status
    assert described["executionCounts"]["failed"] == described["itemCounts"]["failed"] == 1
    if status == "SUCCEEDED":
        assert (described["executionCounts"]["succeeded"], described["executionCounts"]["running"]) == (2, 0)


def test_the_failure_can_be_caught(engine: Any) -> None:
    engine.adapt(distributed_maps())
    definition = machine(NO_MORE_THAN_3, Catch=[{"ErrorEquals": [THRESHOLD], "Next": "Then"}])
    definition["States"]["Then"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert json.loads(run(engine, definition, [9])["output"]) == "caught"


@pytest.mark.parametrize("definition", [machine(kind="EXPRESS"), machine(ToleratedFailurePercentage=5)])
def test_definitions_that_the_grammar_does_not_know(engine: Any, definition: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ASLParserException"):
        engine.create(definition)
    engine.adapt(distributed_maps())
    assert json.loads(run(engine, definition, [1, 2])["output"]) == [1, 2]


def test_only_map_states_are_spelt_anew() -> None:
    result = {"ToleratedFailurePercentage": 5, "ExecutionType": "EXPRESS"}
    inner = machine(ToleratedFailurePercentage=6)
    branches = [inner, {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": result, "End": True}}}]
    definition = {"StartAt": "B", "States": {"B": {"Type": "Parallel", "Branches": branches, "End": True}}}
    text = understood(json.dumps(definition))
    assert json.loads(text) == definition
    assert '"ToleratedFailurePercentage": 6.0' in text
    assert '"ToleratedFailurePercentage": 5,' in text
    assert '"EXPRESS"' in text


def test_objects_of_a_bucket_are_items(engine: Any, client: Callable[[str], Any], bucket: str) -> None:
    definition = machine(**reader("listObjectsV2", Bucket=bucket))
    with pytest.raises(ClientError):  # Python's times in the output
        run(engine, definition)
    engine.adapt(distributed_maps())
    for number in range(3):
        client("s3").put_object(Bucket=bucket, Key=f"more/{number}", Body=b"")
    items = json.loads(
        run(engine, machine(Label="again", **reader("listObjectsV2", Bucket=bucket, MaxKeys=2)))["output"]
    )
    assert len(items) == 4  # two pages
    assert items[0]["Key"] == "items.json"
    assert isinstance(items[0]["LastModified"], int)
    assert set(items[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}


def test_items_that_cannot_be_read_have_an_error_of_their_own(engine: Any, bucket: str) -> None:
    definition = machine(**reader("getObject", Bucket=bucket, Key="missing.json"))
    assert run(engine, definition)["error"] != "States.ItemReaderFailed"
    engine.adapt(distributed_maps())
    failed = run(engine, definition)
    assert (failed["error"], failed["cause"]) == ("States.ItemReaderFailed", "The specified key does not exist.")
    assert json.loads(run(engine, machine(**reader("getObject", Bucket=bucket, Key="items.json")))["output"]) == [1, 2]


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10), st.floats(0, 100))
def test_more_failures_are_never_better(succeeded: int, failed: int, count: int, percentage: float) -> None:
    total = succeeded + failed + 1
    assert not is_exceeded(0, total, count, percentage)
    assert is_exceeded(failed, total, count, percentage) <= is_exceeded(failed + 1, total, count, percentage)
    assert not is_exceeded(failed, total, 0, 100.0)
