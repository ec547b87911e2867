import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stepweave.command.local.function_logs import render
from stepweave.command.local.log_line import LogLine, read_line

EMF = {
    "_aws": {"CloudWatchMetrics": [{"Namespace": "Stepweave", "Metrics": [{"Name": "Duration"}, {"Name": "Replays"}]}]},
    "service": "linter",
    "Duration": [12.345],
    "Replays": 1,
}
TRACE = "Traceback (most recent call last):\n  boom"
POWERTOOLS = {
    "level": "ERROR",
    "location": "failed:60",
    "message": "task failed",
    "timestamp": "2026-11-23 03:16:10,000+0000",
    "service": "linter",
    "correlation_id": "arn:aws:states:us-east-1:123456789012:execution:m:one",
    "task": "lint",
    "duration_ms": 3.5,
    "exception": TRACE,
    "exception_name": "ValueError",
}


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            json.dumps(POWERTOOLS),
            LogLine(1, "ERROR", "task failed", {"task": "lint", "duration_ms": "3.5"}, TRACE),
        ),
        (json.dumps(EMF), LogLine(1, "", "metrics", {"Duration": "12.3", "Replays": "1"})),
        ("plain text\n", LogLine(1, "", "plain text")),
        (
            "[ERROR] ValueError: no way\nTraceback (most recent call last):\n  boom",
            LogLine(1, "ERROR", "ValueError: no way", details="Traceback (most recent call last):\n  boom"),
        ),
        ("[INFO]\t2026-11-23T03:16:10.000Z\tb5cf\thello\n", LogLine(1, "INFO", "hello")),
        (
            "REPORT RequestId: b5cf\tDuration: 12.34 ms\tBilled Duration: 400 ms\tMemory Size: 256 MB\t"
            "Max Memory Used: 85 MB\tInit Duration: 380.00 ms\tStatus: error\tError Type: ValueError\t",
            LogLine(1, "", "took 12.3 ms, 85 of 256 MB, cold start 380 ms, error"),
        ),
        (
            json.dumps(
                {
                    "type": "platform.report",
                    "record": {
                        "status": "success",
                        "metrics": {"durationMs": 2.0, "maxMemoryUsedMB": 40, "memorySizeMB": 128},
                    },
                }
            ),
            LogLine(1, "", "took 2.0 ms, 40 of 128 MB"),
        ),
        ('{"message": {"a": 1}, "level": "INFO", "none": null}', LogLine(1, "INFO", '{"a": 1}')),
        ("{broken", LogLine(1, "", "{broken")),
        ("START RequestId: b5cf Version: $LATEST", None),
        ("END RequestId: b5cf", None),
        ('{"type": "platform.start", "record": {}}', None),
        ("  \n", None),
    ],
)
def test_lines_are_made_readable(message: str, line: LogLine | None) -> None:
    assert read_line(1, message) == line


KEYS = st.text() | st.sampled_from(
    [
        "_aws",
        "CloudWatchMetrics",
        "Metrics",
        "Name",
        "type",
        "record",
        "metrics",
        "durationMs",
        "initDurationMs",
        "maxMemoryUsedMB",
        "memorySizeMB",
        "status",
        "level",
        "message",
        "exception",
        "stack_trace",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["platform.report", "Replays"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(st.text() | st.builds(json.dumps, st.dictionaries(KEYS, VALUES)))
@example('{"_aws": 1}')
@example('{"_aws": {"CloudWatchMetrics": [1, {"Metrics": {"Name": "Duration"}}, {"Metrics": [null, {"Name": [1]}]}]}}')
@example('{"type": "platform.report", "record": {"metrics": [1]}}')
@example('{"type": "platform.report", "record": {"metrics": {"durationMs": "soon", "maxMemoryUsedMB": 1}}}')
def test_whatever_a_function_writes_can_be_shown(message: str) -> None:
    line = read_line(0.0, message)
    assert line is None or render(line).plain.startswith(line.time)


def test_what_a_terminal_would_obey_is_escaped() -> None:
    line = read_line(0.0, "\x1b[31mred")
    assert line is not None
    assert "\x1b" not in render(line).plain


def test_levels_have_colours_and_tracebacks_are_indented() -> None:
    line = read_line(0.0, json.dumps(POWERTOOLS))
    assert line is not None
    assert (line.style, LogLine(0, "WARNING", "").style) == ("bold red", "yellow")
    assert "\n              Traceback" in render(line).plain
