import json
from pathlib import Path

import pytest

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.invocation_trace import InvocationTrace
from stepweave.local_cloud.xray.segment import parse_segment

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
SPEC = FunctionSpec("f", "arn:aws:lambda:us-east-1:123456789012:function:f", "app.handler", Path("/code"))


@pytest.mark.parametrize(
    ("header", "is_active", "is_sampled"),
    [
        (None, True, True),
        (None, False, False),
        (f"Root={ROOT};Sampled=0", True, False),
        (f"Root={ROOT};Sampled=1", False, True),
        (f"Root={ROOT}", True, True),
        (f"Root={ROOT}", False, False),
    ],
)
def test_the_caller_decides_and_else_the_functions_tracing(
    header: str | None, is_active: bool, is_sampled: bool
) -> None:
    spec = FunctionSpec(SPEC.name, SPEC.arn, SPEC.handler, SPEC.code_directory, active_tracing=is_active)
    trace = InvocationTrace.begin(spec, header)
    assert trace.is_sampled is is_sampled
    assert f"Sampled={int(is_sampled)}" in trace.header
    assert (ROOT in trace.header) is (header is not None)


def test_a_call_is_two_segments_with_what_the_function_records_below() -> None:
    trace = InvocationTrace.begin(SPEC, f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1")
    service, function = trace.segments(
        SPEC, "id", start=10.0, end=13.0, duration_ms=1000.0, init_ms=500.0, error_type="ValueError"
    )
    for segment in (service, function):
        assert parse_segment(json.dumps(segment))["fault"] is True
    assert (service["origin"], service["parent_id"]) == ("AWS::Lambda", "53995c3f42cd8ad8")
    assert (function["origin"], function["parent_id"]) == ("AWS::Lambda::Function", service["id"])
    assert f"Parent={function['id']}" in trace.header
    times = {part["name"]: (part["start_time"], part["end_time"]) for part in function["subsegments"]}
    assert times == {"Initialization": (11.5, 12.0), "Invocation": (12.0, 13.0)}


def test_a_warm_call_has_no_initialization() -> None:
    trace = InvocationTrace.begin(SPEC, None)
    _, function = trace.segments(SPEC, "id", start=1.0, end=2.0, duration_ms=5e9, init_ms=None, error_type="")
    assert [(part["name"], part["start_time"]) for part in function["subsegments"]] == [("Invocation", 1.0)]
    assert "fault" not in function
