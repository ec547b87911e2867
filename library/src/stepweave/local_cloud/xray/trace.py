"""A trace: the segments that bear its id, each with the subsegments that came by themselves."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from stepweave.local_cloud.xray.segment import Segment, end_of, is_subsegment, walk


@dataclass(frozen=True)
class Service:
    """Who recorded a segment: its name, and its kind, as ``AWS::Lambda::Function``; empty if it says none."""

    name: str
    kind: str


@dataclass(frozen=True)
class Annotation:
    """A value by which traces are found, and the service that recorded it."""

    key: str
    value: str | float | bool
    service: Service


@dataclass(frozen=True)
class Trace:
    """A trace, or the part of one that some services recorded.

    Attributes
    ----------
    trace_id : str
    segments : tuple of Segment
        In the order in which they began. There is at least one.
    """

    trace_id: str
    segments: tuple[Segment, ...]

    @property
    def start(self) -> float:
        """When it began, in seconds since the epoch."""
        return min(float(segment["start_time"]) for segment in self.segments)

    @property
    def end(self) -> float:
        """When the last of its segments ended."""
        return max(end_of(segment) for segment in self.segments)

    @property
    def root(self) -> Segment:
        """The segment that all began with."""
        known = {part["id"] for segment in self.segments for part in walk(segment) if "id" in part}
        roots = [segment for segment in self.segments if segment.get("parent_id") not in known]
        return (roots or list(self.segments))[0]

    @property
    def response_time(self) -> float:
        """How long the first segment took, in seconds."""
        return end_of(self.root) - float(self.root["start_time"])

    @property
    def is_partial(self) -> bool:
        """Whether some of it is still going on."""
        return any(part.get("in_progress") for segment in self.segments for part in walk(segment))

    @property
    def services(self) -> tuple[Service, ...]:
        """Who recorded it."""
        return tuple(dict.fromkeys(service_of(segment) for segment in self.segments))

    def has(self, flag: str) -> bool:
        """Tell whether a segment bears a flag: ``error``, ``fault`` or ``throttle``."""
        return any(segment.get(flag) for segment in self.segments)

    def annotations(self) -> Iterator[Annotation]:
        """The values by which it can be found."""
        for segment in self.segments:
            for part in walk(segment):
                for key, value in (part.get("annotations") or {}).items():
                    if isinstance(value, str | int | float):
                        yield Annotation(key, value, service_of(segment))

    def of(self, services: Iterable[Service]) -> Trace:
        """The part of it that some services recorded; it may have no segment."""
        wanted = set(services)
        return Trace(self.trace_id, tuple(segment for segment in self.segments if service_of(segment) in wanted))


def service_of(segment: Segment) -> Service:
    """Who recorded a segment."""
    return Service(str(segment["name"]), str(segment.get("origin", "")))


def assemble(trace_id: str, documents: Iterable[Segment]) -> Trace:
    """Put subsegments that came by themselves into the segments that they belong to.

    One whose parent is not known stands by itself. Of documents with the same id the last one counts, but for
    subsegments, which it keeps.
    """
    latest: dict[str, Segment] = {}
    for document in documents:
        latest[document["id"]] = copy.deepcopy(document)
    places: dict[str, Any] = {}
    for document in latest.values():
        for part in walk(document):
            places.setdefault(part.get("id", ""), part)
    alone: list[Segment] = []
    for document in latest.values():
        parent = places.get(document.get("parent_id", "")) if is_subsegment(document) else None
        if parent is None or any(part is parent for part in walk(document)):
            alone.append(document)
        else:
            parent.setdefault("subsegments", []).append(document)
    for document in alone:
        for part in walk(document):
            part.get("subsegments", []).sort(key=lambda inner: inner["start_time"])
    return Trace(trace_id, tuple(sorted(alone, key=lambda segment: float(segment["start_time"]))))
