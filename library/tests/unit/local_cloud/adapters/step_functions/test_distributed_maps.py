"""Distributed Map states: what is understood of their definitions, and what they read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepweave.local_cloud.adapters.step_functions.distributed_maps import distributed_maps, understood

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


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


@pytest.fixture
def put(client: Callable[[str], Any], bucket: str) -> Callable[[str], str]:
    """Makes the content of the object `k`, and gives its bucket."""

    def put_object(content: str) -> str:
        client("s3").put_object(Bucket=bucket, Key="k", Body=content.encode())
        return bucket

    return put_object


def reader(action: str, **parameters: Any) -> dict[str, Any]:
    configuration = {"ReaderConfig": {"InputType": "JSON"}} if action == "getObject" else {}
    return {"ItemReader": {"Resource": f"arn:aws:states:::s3:{action}", "Parameters": parameters, **configuration}}


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


def test_what_the_grammar_does_not_know_is_taken_out() -> None:
    definition = machine(
        ItemBatcher={"MaxItemsPerBatch": 2},
        ResultWriter={"WriterConfig": {"Transformation": "FLATTEN"}},
        ItemReader={"Resource": "r", "ReaderConfig": {"InputType": "JSONL", "MaxItems": 3}},
    )
    state = json.loads(understood(json.dumps(definition)))["States"]["M"]
    assert not state.keys() & {"ItemBatcher", "ResultWriter"}
    assert state["ItemReader"]["ReaderConfig"] == {"InputType": "JSON", "MaxItems": 3}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ItemBatcher": {}}, "MaxItemsPerBatch"),
        ({"ItemBatcher": {"MaxItemsPerBatch": 0}}, "positive whole number"),
        ({"ItemBatcher": {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.a"}}, "must not have both"),
        ({"ItemBatcher": {"MostItems": 1}}, "no other fields"),
        ({"ResultWriter": {}}, "'Resource' or 'WriterConfig'"),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "XML"}}}, "'OutputType' must be one of"),
        (reader("getObject") | {"ItemReader": {"ReaderConfig": {"InputType": "XML"}}}, "'InputType' must be one of"),
    ],
)
def test_what_is_wrong_with_a_definition_is_said(engine: Any, fields: dict[str, Any], reason: str) -> None:
    engine.adapt(distributed_maps())
    with pytest.raises(ClientError, match=reason):
        engine.create(machine(**fields))


def test_a_map_state_that_is_not_distributed_has_no_batches(engine: Any) -> None:
    engine.adapt(distributed_maps())
    definition = machine(ItemBatcher={"MaxItemsPerBatch": 2})
    del definition["States"]["M"]["ItemProcessor"]["ProcessorConfig"]
    with pytest.raises(ClientError, match="ItemBatcher"):
        engine.create(definition)


@pytest.mark.parametrize(
    ("content", "configuration", "items"),
    [
        ('{"a": 1}\n\n{"a": 2}\n{"a": 3}', {"InputType": "JSONL", "MaxItems": 2}, [{"a": 1}, {"a": 2}]),
        (
            "a|b\n1|2\n",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "PIPE"},
            [{"a": "1", "b": "2"}],
        ),
        ('{"x": {"y": [4]}}', {"InputType": "JSON", "ItemsPointer": "/x/y"}, [4]),
    ],
)
def test_formats_of_items(
    engine: Any, put: Callable[[str], str], content: str, configuration: Any, items: list[Any]
) -> None:
    source = reader("getObject", Bucket=put(content), Key="k")
    source["ItemReader"]["ReaderConfig"] = configuration
    with pytest.raises(ClientError):
        engine.create(machine(**source))
    engine.adapt(distributed_maps())
    assert json.loads(run(engine, machine(**source))["output"]) == items


def test_what_holds_no_items_cannot_be_read(engine: Any, bucket: str) -> None:
    engine.adapt(distributed_maps())
    source = reader("getObject", Bucket=bucket, Key="items.json")
    source["ItemReader"]["ReaderConfig"] = {"InputType": "JSON", "ItemsPointer": "/nothing"}
    failed = run(engine, machine(**source))
    assert (failed["error"], failed["cause"]) == (
        "States.ItemReaderFailed",
        "The ItemsPointer '/nothing' points to nothing",
    )


def test_objects_of_a_bucket_can_be_limited(engine: Any, client: Callable[[str], Any], bucket: str) -> None:
    engine.adapt(distributed_maps())
    client("s3").put_object(Bucket=bucket, Key="another", Body=b"")
    source = reader("listObjectsV2", Bucket=bucket)
    source["ItemReader"]["ReaderConfig"] = {"MaxItems": 1}
    assert [item["Key"] for item in json.loads(run(engine, machine(**source))["output"])] == ["another"]
