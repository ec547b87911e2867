"""A line of a function's log, made readable."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

_ERROR_LEVELS: Final = {"ERROR", "CRITICAL", "FATAL"}
_LEVEL_STYLES: Final = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "WARN": "yellow"}
_TEXT_LEVEL: Final = re.compile(r"\[(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\]\t?(?:\S+Z\t\S+\t)?\s*(.*)", re.DOTALL)
_NOISE: Final = re.compile(r"(START|END|INIT_START) ")
_REPORT: Final = re.compile(
    r"REPORT RequestId: \S+\tDuration: (?P<duration>[\d.]+) ms\t.*?Memory Size: (?P<memory>\d+) MB\t"
    r"Max Memory Used: (?P<used>\d+) MB(?:\tInit Duration: (?P<init>[\d.]+) ms)?(?P<rest>.*)",
    re.DOTALL,
)
_SHOWN_ELSEWHERE: Final = {
    "cold_start",
    "correlation_id",
    "exception",
    "exception_name",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "level",
    "location",
    "log_level",
    "logger",
    "message",
    "requestId",
    "sampling_rate",
    "service",
    "stack_trace",
    "stackTrace",
    "time",
    "timestamp",
    "type",
    "xray_trace_id",
}


@dataclass(frozen=True)
class LogLine:
    """What is shown of one event of a log.

    Attributes
    ----------
    at : float
        When it happened, in seconds since the epoch.
    level : str
        ``INFO`` ...; empty for what bears none.
    message : str
    fields : dict
        What a structured line says besides.
    details : str
        A traceback; empty if there is none.
    """

    at: float
    level: str
    message: str
    fields: dict[str, str] = field(default_factory=dict)
    details: str = ""

    @property
    def time(self) -> str:
        """The time of day here, to the millisecond."""
        return datetime.fromtimestamp(self.at).astimezone().strftime("%H:%M:%S.%f")[:-3]

    @property
    def style(self) -> str:
        """How the level is shown in a terminal."""
        return "bold red" if self.level in _ERROR_LEVELS else _LEVEL_STYLES.get(self.level, "dim")


def read_line(at: float, message: str) -> LogLine | None:
    """Read an event of a log; None if it says nothing to a person.

    Example
    -------
    >>> line = read_line(0.0, '{"level": "INFO", "message": "task succeeded", "duration_ms": 12.5}')
    >>> line.level, line.message, line.fields
    ('INFO', 'task succeeded', {'duration_ms': '12.5'})
    """
    text = message.replace("\xa0", " ").rstrip("\n")  # the runtime indents stack traces with no-break spaces
    if not text.strip() or _NOISE.match(text):
        return None
    if report := _REPORT.match(text):
        return LogLine(at, "", _report(report))
    if text.startswith("{"):
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if isinstance(record, dict):
            return _structured(at, record)
    if level := _TEXT_LEVEL.fullmatch(text):
        first, _, rest = level.group(2).partition("\n")
        return LogLine(at, level.group(1), first, details=rest)
    return LogLine(at, "", text)


def _structured(at: float, record: dict[str, Any]) -> LogLine | None:
    if "_aws" in record:
        return LogLine(at, "", "metrics", _metrics(record))
    if isinstance(record.get("record"), dict) and str(record.get("type", "")).startswith("platform."):
        return _platform(at, record)
    level = str(record.get("level") or record.get("log_level") or "")
    message = record.get("message", record.get("errorMessage", ""))
    trace = record.get("exception") or record.get("stack_trace") or record.get("stackTrace") or ""
    return LogLine(
        at,
        level,
        message if isinstance(message, str) else _short(message),
        {key: _short(value) for key, value in record.items() if key not in _SHOWN_ELSEWHERE and value is not None},
        "\n".join(map(str, trace)) if isinstance(trace, list) else _plain(trace),
    )


def _plain(trace: object) -> str:
    return trace if isinstance(trace, str) else json.dumps(trace)


def _metrics(record: dict[str, Any]) -> dict[str, str]:
    """The values of a line in CloudWatch's embedded metric format; what a function wrote in another shape has none."""
    found = {}
    for group in _objects(record["_aws"], "CloudWatchMetrics"):
        for metric in _objects(group, "Metrics"):
            name = str(metric.get("Name"))
            values = record.get(name)
            only = values[0] if isinstance(values, list) and len(values) == 1 else values
            found[name] = _short(round(only, 1) if isinstance(only, float) else only)
    return found


def _objects(holder: object, key: str) -> list[dict[str, Any]]:
    members = holder.get(key) if isinstance(holder, dict) else None
    return [member for member in members if isinstance(member, dict)] if isinstance(members, list) else []


def _platform(at: float, record: dict[str, Any]) -> LogLine | None:
    if record["type"] != "platform.report":
        return None
    metrics = record["record"].get("metrics")
    match metrics:
        case {"durationMs": int() | float() as duration, "maxMemoryUsedMB": used, "memorySizeMB": size}:
            init = metrics.get("initDurationMs")
            text = _took(duration, used, size, init if isinstance(init, int | float) else None)
        case _:
            text = "took an unknown time"
    status = record["record"].get("status", "success")
    return LogLine(at, "", text if status == "success" else f"{text}, {status}")


def _report(report: re.Match[str]) -> str:
    init = report["init"]
    text = _took(float(report["duration"]), report["used"], report["memory"], None if init is None else float(init))
    status = re.search(r"Status: (\w+)", report["rest"])
    return text if status is None else f"{text}, {status.group(1)}"


def _took(duration_ms: float, used: object, memory: object, init_ms: float | None) -> str:
    text = f"took {duration_ms:.1f} ms, {used} of {memory} MB"
    return text if init_ms is None else f"{text}, cold start {init_ms:.0f} ms"


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
