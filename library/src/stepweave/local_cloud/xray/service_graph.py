"""The service graph: who calls whom, how often, and with what result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from stepweave.local_cloud.xray.segment import Segment, end_of, walk
from stepweave.local_cloud.xray.trace import Service, Trace, service_of

JsonObject = dict[str, Any]
Caller = Service | None  # None: whoever began the trace


@dataclass
class _Statistics:
    """Calls of one service, or along one edge."""

    start: float = float("inf")
    end: float = 0.0
    total: int = 0
    errors: int = 0
    faults: int = 0
    throttles: int = 0
    seconds: float = 0.0

    def count(self, segment: Segment) -> None:
        start, end = float(segment["start_time"]), end_of(segment)
        self.start, self.end = min(self.start, start), max(self.end, end)
        self.total += 1
        self.seconds += end - start
        self.faults += bool(segment.get("fault"))
        self.throttles += bool(segment.get("throttle"))
        self.errors += bool(segment.get("error")) and not segment.get("fault")

    def to_json(self) -> JsonObject:
        return {
            "OkCount": self.total - self.errors - self.faults,
            "ErrorStatistics": {
                "ThrottleCount": self.throttles,
                "OtherCount": self.errors - min(self.throttles, self.errors),
                "TotalCount": self.errors,
            },
            "FaultStatistics": {"OtherCount": self.faults, "TotalCount": self.faults},
            "TotalCount": self.total,
            "TotalResponseTime": round(self.seconds, 3),
        }


@dataclass
class _Graph:
    nodes: dict[Service, _Statistics] = field(default_factory=dict)
    edges: dict[tuple[Caller, Service], _Statistics] = field(default_factory=dict)
    roots: set[Service] = field(default_factory=set)

    def count(self, caller: Caller, service: Service, segment: Segment) -> None:
        self.nodes.setdefault(service, _Statistics()).count(segment)
        self.edges.setdefault((caller, service), _Statistics()).count(segment)


def service_graph(traces: Iterable[Trace], account: str) -> list[JsonObject]:
    """The ``Services`` of ``GetServiceGraph`` and ``GetTraceGraph``."""
    graph = _Graph()
    for trace in traces:
        _add(graph, trace)
    numbers = {service: number for number, service in enumerate(graph.nodes)}
    client = len(numbers)
    shown = [_node(graph, service, numbers, account) for service in graph.nodes]
    if graph.roots:
        edges = [
            _edge(numbers[callee], statistics)
            for (caller, callee), statistics in graph.edges.items()
            if caller is None and callee in graph.roots
        ]
        shown.append({"ReferenceId": client, "Type": "client", "State": "unknown", "Edges": edges, "Root": False})
    return shown


def _add(graph: _Graph, trace: Trace) -> None:
    owners = {part["id"]: segment for segment in trace.segments for part in walk(segment) if "id" in part}
    called = {segment.get("parent_id") for segment in trace.segments}
    for segment in trace.segments:
        service = service_of(segment)
        parent = owners.get(segment.get("parent_id", ""))
        if parent is None:
            graph.roots.add(service)
        graph.count(None if parent is None else service_of(parent), service, segment)
        for part in walk(segment):
            # What a service that records nothing itself was asked for is known from its caller alone.
            if part is not segment and part.get("namespace") in {"aws", "remote"} and part.get("id") not in called:
                kind = f"AWS::{part['name']}" if part["namespace"] == "aws" else "remote"
                graph.count(service, Service(str(part["name"]), kind), part)


def _node(graph: _Graph, service: Service, numbers: dict[Service, int], account: str) -> JsonObject:
    statistics = graph.nodes[service]
    node = {
        "ReferenceId": numbers[service],
        "Name": service.name,
        "Names": [service.name],
        "AccountId": account,
        "State": "active",
        "StartTime": statistics.start,
        "EndTime": statistics.end,
        "Root": service in graph.roots,
        "Edges": [_edge(numbers[callee], edge) for (caller, callee), edge in graph.edges.items() if caller == service],
        "SummaryStatistics": statistics.to_json(),
        "DurationHistogram": [],
        "ResponseTimeHistogram": [],
    }
    return {**node, "Type": service.kind} if service.kind else node


def _edge(number: int, statistics: _Statistics) -> JsonObject:
    return {
        "ReferenceId": number,
        "StartTime": statistics.start,
        "EndTime": statistics.end,
        "SummaryStatistics": statistics.to_json(),
        "ResponseTimeHistogram": [],
        "Aliases": [],
    }
