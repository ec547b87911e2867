"""The lines that Lambda itself writes to a function's log: INIT_START, START, END, REPORT; as text or as JSON."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec

JsonValue = str | int | float | dict[str, str | int | float]


@dataclass(frozen=True)
class Report:
    """The figures of one call; times in ms, memory in MiB.

    `status` is ``success``, ``error`` or ``timeout``; `init_ms` is None for a warm start.
    """

    request_id: str
    trace_header: str
    duration_ms: float
    init_ms: float | None
    peak_mb: int
    status: str
    error_type: str = ""


def init_start(spec: FunctionSpec) -> str:
    """Written when a worker starts."""
    version = spec.runtime.replace("python", "python:")
    arn = f"arn:aws:lambda:{spec.region}::runtime:local"
    if spec.log_format == "JSON":
        record: dict[str, JsonValue] = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": version,
            "runtimeVersionArn": arn,
            "functionName": spec.name,
            "functionVersion": spec.version,
        }
        return _json("platform.initStart", record)
    return f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}"


def start(spec: FunctionSpec, request_id: str) -> str:
    """Written before a call."""
    if spec.log_format == "JSON":
        return _json("platform.start", {"requestId": request_id, "version": spec.version})
    return f"START RequestId: {request_id} Version: {spec.version}"


def end(spec: FunctionSpec, report: Report) -> list[str]:
    """Written after a call: END and REPORT, which in JSON are one."""
    billed = math.ceil(report.duration_ms + (report.init_ms or 0.0))
    if spec.log_format == "JSON":
        return [_json("platform.report", _report_record(spec, report, billed))]
    fields = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {spec.memory_mb} MB",
        f"Max Memory Used: {report.peak_mb} MB",
    ]
    if report.init_ms is not None:
        fields.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status != "success":
        fields.append(f"Status: {report.status}")
    if report.error_type:
        fields.append(f"Error Type: {report.error_type}")
    trace = dict(part.split("=", 1) for part in report.trace_header.split(";") if "=" in part)
    if trace.get("Sampled") == "1":
        fields.append(f"\nXRAY TraceId: {trace.get('Root', '')}\tSegmentId: {trace.get('Parent', '')}\tSampled: true")
    return [f"END RequestId: {report.request_id}", "\t".join([*fields, ""])]


def timed_out(request_id: str, timeout_seconds: float) -> str:
    """Written when a call ran out of time."""
    return f"{_timestamp()} {request_id} Task timed out after {timeout_seconds:.2f} seconds"


def exited(request_id: str, reason: str) -> str:
    """Written when the worker ended in the middle of a call."""
    return f"RequestId: {request_id} Error: {reason}"


def _report_record(spec: FunctionSpec, report: Report, billed: int) -> dict[str, JsonValue]:
    metrics: dict[str, str | int | float] = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": billed,
        "memorySizeMB": spec.memory_mb,
        "maxMemoryUsedMB": report.peak_mb,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    record: dict[str, JsonValue] = {"requestId": report.request_id, "metrics": metrics, "status": report.status}
    if report.error_type:
        record["errorType"] = report.error_type
    return record


def _json(kind: str, record: dict[str, JsonValue]) -> str:
    return json.dumps({"time": _timestamp(), "type": kind, "record": record})


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
