"""Executions write their events into log groups; without the adapter no execution has a log."""

import json
from typing import Any

import pytest

from stepweave.local_cloud.adapters.step_functions.execution_start import execution_start

GROUP = "/aws/vendedlogs/states/machine"
DESTINATION = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"secret": 1}, "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "No"}}}


@pytest.fixture
def logs(client: Any) -> Any:
    service = client("logs")
    service.create_log_group(logGroupName=GROUP)
    return service


def run(engine: Any, definition: dict[str, Any], level: str, *, has_data: bool = False) -> str:
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": DESTINATION}}
    configuration = {"level": level, "includeExecutionData": has_data, "destinations": [destination]}
    execution: str = engine.start(engine.create(definition, loggingConfiguration=configuration))
    engine.end(execution)
    return execution


def entries(logs: Any) -> list[dict[str, Any]]:
    found = []
    for stream in logs.describe_log_streams(logGroupName=GROUP)["logStreams"]:
        events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
        found += [json.loads(event["message"]) for event in events]
    return sorted(found, key=lambda entry: int(entry["id"]))


def test_without_the_adapter_there_is_no_log(bare_engine: Any, logs: Any) -> None:
    run(bare_engine, PASS, "ALL")
    assert entries(logs) == []


@pytest.mark.parametrize("has_data", [False, True])
def test_events_are_written_as_they_are_vended(engine: Any, logs: Any, *, has_data: bool) -> None:
    engine.adapt(execution_start())
    execution = run(engine, PASS, "ALL", has_data=has_data)
    written = engine.until(lambda: len(found := entries(logs)) == 4 and found)
    assert [entry["type"] for entry in written] == engine.kinds(execution)
    assert {entry["execution_arn"] for entry in written} == {execution}
    assert ("secret" in json.dumps(written)) == has_data


@pytest.mark.parametrize(("level", "expected"), [("OFF", set()), ("ERROR", {"ExecutionFailed", "FailStateEntered"})])
def test_the_level_says_what_is_written(engine: Any, logs: Any, level: str, expected: set[str]) -> None:
    engine.adapt(execution_start())
    run(engine, FAIL, level)
    run(engine, FAIL, "FATAL")
    found = engine.until(lambda: {entry["type"] for entry in entries(logs)} >= {"ExecutionFailed"} and entries(logs))
    assert {entry["type"] for entry in found} <= {"ExecutionFailed", *expected}
