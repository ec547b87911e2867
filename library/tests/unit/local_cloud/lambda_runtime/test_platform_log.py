import json
from dataclasses import replace
from pathlib import Path

from stepweave.local_cloud.lambda_runtime import platform_log
from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec

TEXT = FunctionSpec(
    name="f",
    arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    handler="app.handler",
    code_directory=Path("/code"),
)
JSON = replace(TEXT, log_format="JSON")
COLD = platform_log.Report("id", "Root=1-a-b;Parent=c;Sampled=0", 1.234, 40.5, 60, "success")
FAILED = platform_log.Report("id", "Root=1-a-b;Parent=c;Sampled=1", 3000, None, 60, "error", "Runtime.ExitError")


def test_the_lines_around_a_call() -> None:
    assert platform_log.start(TEXT, "id") == "START RequestId: id Version: $LATEST"
    assert platform_log.end(TEXT, COLD) == [
        "END RequestId: id",
        "REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 42 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 60 MB\tInit Duration: 40.50 ms\t",
    ]


def test_a_failure_and_its_trace_are_in_the_report() -> None:
    report = platform_log.end(TEXT, FAILED)[1]
    assert "\tStatus: error\tError Type: Runtime.ExitError\t" in report
    assert "\nXRAY TraceId: 1-a-b\tSegmentId: c\tSampled: true\t" in report
    assert "Init Duration" not in report


def test_the_same_as_json() -> None:
    start = json.loads(platform_log.start(JSON, "id"))
    assert (start["type"], start["record"]) == ("platform.start", {"requestId": "id", "version": "$LATEST"})
    (line,) = platform_log.end(JSON, FAILED)
    report = json.loads(line)
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": "id",
        "metrics": {"durationMs": 3000, "billedDurationMs": 3000, "memorySizeMB": 128, "maxMemoryUsedMB": 60},
        "status": "error",
        "errorType": "Runtime.ExitError",
    }
