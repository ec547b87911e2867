"""Traces as the X-Ray API shows them."""

from __future__ import annotations

import json
from typing import Any

from stepweave.local_cloud.xray.trace import Annotation, Service, Trace

JsonObject = dict[str, Any]


def trace_summary(trace: Trace, account: str) -> JsonObject:
    """One of the ``TraceSummaries`` of ``GetTraceSummaries``."""
    root = trace.root
    http = root.get("http") or {}
    annotations: dict[str, list[JsonObject]] = {}
    for annotation in dict.fromkeys(trace.annotations()):
        entry = {"AnnotationValue": _typed(annotation), "ServiceIds": [_service_id(annotation.service, account)]}
        annotations.setdefault(annotation.key, []).append(entry)
    return {
        "Id": trace.trace_id,
        "StartTime": trace.start,
        "MatchedEventTime": trace.start,
        "Duration": round(trace.end - trace.start, 3),
        "ResponseTime": round(trace.response_time, 3),
        "HasFault": trace.has("fault"),
        "HasError": trace.has("error"),
        "HasThrottle": trace.has("throttle"),
        "IsPartial": trace.is_partial,
        "Http": {
            name: value
            for name, value in (
                ("HttpURL", (http.get("request") or {}).get("url")),
                ("HttpMethod", (http.get("request") or {}).get("method")),
                ("HttpStatus", (http.get("response") or {}).get("status")),
            )
            if value is not None
        },
        "Annotations": annotations,
        "Users": [],
        "ServiceIds": [_service_id(service, account) for service in trace.services],
        "EntryPoint": _service_id(trace.services[0], account),
        "Revision": len(trace.segments),
    }


def full_trace(trace: Trace) -> JsonObject:
    """One of the ``Traces`` of ``BatchGetTraces``."""
    return {
        "Id": trace.trace_id,
        "Duration": round(trace.end - trace.start, 3),
        "LimitExceeded": False,
        "Segments": [
            {"Id": segment["id"], "Document": json.dumps(segment, separators=(",", ":"))} for segment in trace.segments
        ],
    }


def _service_id(service: Service, account: str) -> JsonObject:
    identity = {"Name": service.name, "Names": [service.name], "AccountId": account}
    return {**identity, "Type": service.kind} if service.kind else identity


def _typed(annotation: Annotation) -> JsonObject:
    if isinstance(annotation.value, bool):
        return {"BooleanValue": annotation.value}
    if isinstance(annotation.value, str):
        return {"StringValue": annotation.value}
    return {"NumberValue": annotation.value}
