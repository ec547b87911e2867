"""What each release wrote is read by this one: its events, what it stored, and its dead letters.

A folder for each release, written by its own code against moto. Times are moved on, as if it had been just now.
"""

import base64
import json
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stepweave.cdk.naming import QueueKind
from stepweave.command.dlq.letter import FailedExecution, read_letter
from stepweave.contract.event import TaskEvent
from stepweave.contract.formats import TASK_EVENT
from stepweave.contract.reference import REFERENCE_KEY
from stepweave.runtime import breaker_guard
from tests.dynamodb_tables import create_table
from tests.recorded import recording
from tests.recorded.recording import BUCKET, ENVIRONMENT, attempt, items, make_resources

RELEASES = sorted(path.parent.name for path in Path(__file__).parent.glob("*/recorded_work.json"))
YEARS = 2 * 365 * 24 * 3600


def load(release: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(__file__).with_name(release).joinpath("recorded_work.json").read_text())
    return content


CASES = [
    pytest.param(release, number, id=f"{release} {task['event']['task']}")
    for release in RELEASES
    for number, task in enumerate(load(release)["tasks"])
]


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        make_resources(create_table)
        recording.ran.clear()
        breaker_guard._circuit.cache_clear()  # what an environment remembers of a breaker
        yield


def restore(recorded: dict[str, Any], tables: dict[str, list[Any]]) -> None:
    """Put into AWS what was stored, with its times moved on."""
    for key, body in recorded["objects"].items():
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=zlib.decompress(base64.b64decode(body)))
    for table, rows in tables.items():
        for row in rows:
            boto3.client("dynamodb").put_item(TableName=table, Item=moved_on(row, recorded["at"]))


def moved_on(value: Any, recorded_at: int) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == ["N"]:
        for scale in (1, 1000):
            if abs(int(value["N"]) / scale - recorded_at) < YEARS:
                return {"N": str(int(value["N"]) + (int(time.time()) - recorded_at) * scale)}
    return {key: moved_on(inner, recorded_at) for key, inner in value.items()}


def content(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return an outcome with a reference reduced to what it refers to: the key is each release's own."""
    returned = outcome.get("returned")
    if isinstance(returned, dict) and REFERENCE_KEY in returned:
        return {"returned": returned[REFERENCE_KEY]["sha256"]}
    return outcome


@pytest.mark.parametrize(("release", "number"), CASES)
def test_a_task_of_an_execution_in_flight_ends_as_it_would_have(release: str, number: int) -> None:
    """Its event and all that was stored before it are the release's; what runs is this one's."""
    recorded = load(release)
    task = recorded["tasks"][number]
    restore(recorded, task["before"])
    now = attempt(task["event"])
    assert content(now) == content({key: value for key, value in task.items() if key in {"returned", "raised"}})
    assert recording.ran == ([] if now.get("raised") == "CircuitOpenError" else [task["event"]["task"]])
    assert _gates(items()) == _gates(_after(recorded, number))


@pytest.mark.parametrize(("release", "number"), [case for case in CASES if "failing" not in str(case.id)])
def test_a_task_that_ran_before_the_upgrade_is_not_run_again(release: str, number: int) -> None:
    recorded = load(release)
    task = recorded["tasks"][number]
    restore(recorded, recorded["after"])
    assert attempt(task["event"]) == {"returned": task["returned"]}
    assert recording.ran == []
    assert _gates(items()) == _gates(recorded["after"])


@pytest.mark.parametrize("release", RELEASES)
def test_its_dead_letters_can_be_read_and_redriven(release: str) -> None:
    value = load(release)["dead_letter"]
    letter = read_letter(
        "stepweave-recorded-work-failures", QueueKind.FAILURES, json.dumps(value), {}, datetime.now(UTC)
    )
    assert isinstance(letter, FailedExecution)
    assert letter.examined
    assert letter.letter.task is not None
    assert TaskEvent.model_validate(letter.letter.task.input).task == letter.letter.task.id


def test_the_formats_are_recorded_as_they_are_written_today() -> None:
    """After a change of a format: raise its version, and write the recording of the release anew (``make record``)."""
    was, now = load(version("stepweave")), json.loads(json.dumps(recording.record()))
    assert [_shape(task["event"]) for task in now["tasks"]] == [_shape(task["event"]) for task in was["tasks"]]
    assert _shape(now["after"]) == _shape(was["after"])
    assert now["dead_letter"] == was["dead_letter"]
    assert now["objects"] == was["objects"]
    assert {task["event"].get("version", 1) for task in now["tasks"]} == {TASK_EVENT.current}


def test_the_release_before_is_recorded_too() -> None:
    assert {"0.1.0", version("stepweave")} <= set(RELEASES)


def _after(recorded: dict[str, Any], number: int) -> dict[str, Any]:
    tasks = recorded["tasks"]
    after: dict[str, Any] = tasks[number + 1]["before"] if number + 1 < len(tasks) else recorded["after"]
    return after


def _gates(tables: dict[str, Any]) -> dict[str, Any]:
    """Return the items of gates by key, without their times and without where references lead."""
    rows = {
        row["id"]["S"]: {name: value for name, value in row.items() if name != "expires"} for row in tables["gates"]
    }
    for row in rows.values():
        if "result" in row:
            row["result"] = content({"returned": json.loads(row["result"]["S"])})
    return rows


def _shape(value: Any) -> Any:
    """Return a value with its times, its digests and the ids of invocations taken out."""
    if isinstance(value, dict) and list(value) == ["N"]:
        return {"N": len(value["N"])}
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items() if key not in {"owner", "writer"}}
    return (
        sorted(map(_shape, value), key=lambda each: json.dumps(each, sort_keys=True))
        if isinstance(value, list)
        else value
    )
