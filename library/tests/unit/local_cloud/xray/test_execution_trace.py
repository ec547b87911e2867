import json
from collections.abc import Iterator
from itertools import count

import pytest

from stepweave.local_cloud.xray.execution_trace import ExecutionTrace, TracedExecution, current_trace_header
from stepweave.local_cloud.xray.segment import Segment, parse_segment
from stepweave.local_cloud.xray.trace import assemble
from stepweave.local_cloud.xray.trace_header import TraceHeader

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
EXECUTION = TracedExecution("arn:execution", "arn:machine", "machine", "123456789012")


def traced(records: list[Segment], incoming: TraceHeader | None = None, *, is_recorded: bool = True) -> ExecutionTrace:
    times: Iterator[int] = count(1)
    return ExecutionTrace(
        EXECUTION, incoming, is_recorded=is_recorded, record=records.append, now=lambda: float(next(times))
    )


def test_an_execution_and_its_attempts_are_one_tree_of_valid_segments() -> None:
    records: list[Segment] = []
    trace = traced(records, TraceHeader(ROOT, "53995c3f42cd8ad8", True))
    trace.begin()
    with pytest.raises(ValueError, match="boom"), trace.task("Lint", FUNCTION):
        raise ValueError("boom")
    with trace.task("Lint", FUNCTION):
        header = current_trace_header()
    assert current_trace_header() is None
    trace.end(None, None)
    for record in records:
        parse_segment(json.dumps(record))
    (segment,) = assemble(ROOT, records).segments
    assert (segment["parent_id"], segment["name"], "in_progress" in segment) == ("53995c3f42cd8ad8", "machine", False)
    first, second = segment["subsegments"]
    assert first["cause"]["exceptions"][0]["type"] == "ValueError"
    assert "fault" not in second
    (call,) = second["subsegments"]
    assert (call["name"], call["namespace"], call["id"]) == ("Lambda", "aws", header.parent if header else None)


def test_a_failure_is_told_and_a_redrive_is_a_segment_of_its_own() -> None:
    records: list[Segment] = []
    trace = traced(records)
    trace.begin()
    trace.end("Broken", "on purpose")
    trace.begin()
    trace.end(None, None)
    first, second = assemble("any", records).segments
    assert first["cause"]["exceptions"][0]["message"] == "on purpose"
    assert first["trace_id"] == second["trace_id"]
    assert "fault" not in second


@pytest.mark.parametrize(
    ("incoming", "is_recorded"), [(TraceHeader(ROOT, None, True), False), (TraceHeader(ROOT, None, False), True)]
)
def test_what_is_not_recorded_is_handed_on(incoming: TraceHeader, is_recorded: bool) -> None:
    records: list[Segment] = []
    trace = traced(records, incoming, is_recorded=is_recorded)
    trace.begin()
    with trace.task("Lint", FUNCTION):
        assert current_trace_header() == incoming
    trace.end(None, None)
    assert records == []


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (FUNCTION, "Lambda"),
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", "Lambda"),
        ("arn:aws:states:::aws-sdk:dynamodb:updateItem", "DynamoDB"),
        ("arn:aws:states:::states:startExecution.sync:2", "States"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "Activity"),
    ],
)
def test_calls_bear_the_name_of_the_service(resource: str, name: str) -> None:
    records: list[Segment] = []
    with traced(records).task("S", resource):
        pass
    assert records[0]["subsegments"][0]["name"] == name
