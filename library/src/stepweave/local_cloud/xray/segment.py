"""Segment documents: what programs and services tell X-Ray of what they did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

Segment = dict[str, Any]
"""A segment document, or a subsegment; the members that X-Ray does not know are the sender's affair."""

_SEGMENT_ID: Final = re.compile(r"[0-9a-f]{16}")
_TRACE_ID: Final = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_LARGEST_BYTES: Final = 64 * 1024


class BadSegmentError(Exception):
    """A document is not a segment.

    Attributes
    ----------
    segment_id : str
        The id that it states; empty if it has none.
    code : str
        X-Ray's name of what is wrong.
    """

    def __init__(self, code: str, message: str, segment_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.segment_id = segment_id


def parse_segment(text: str | bytes) -> Segment:
    """Read a document.

    Raises
    ------
    BadSegmentError
        If it is not JSON, too large, or lacks what each segment must have.
    """
    if len(text) > _LARGEST_BYTES:
        raise BadSegmentError("SegmentTooLarge", f"a segment document has at most {_LARGEST_BYTES} bytes")
    try:
        segment = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSegmentError("ParseError", f"the segment document is not JSON: {error}") from error
    if not isinstance(segment, dict):
        raise BadSegmentError("ParseError", "the segment document is not a JSON object")
    _check(segment)
    return segment


def is_subsegment(segment: Segment) -> bool:
    """Tell whether a document is a subsegment, which belongs into another."""
    return segment.get("type") == "subsegment"


def walk(segment: Segment) -> Iterator[Segment]:
    """A segment and all that is in it."""
    yield segment
    for inner in segment.get("subsegments") or ():
        yield from walk(inner)


def end_of(segment: Segment) -> float:
    """When a segment ended; if it has not, when the last of what is known of it happened."""
    return max(float(part.get("end_time") or part["start_time"]) for part in walk(segment) if "start_time" in part)


def _check(segment: Segment) -> None:
    identity = str(segment.get("id", ""))
    if not _SEGMENT_ID.fullmatch(identity):
        raise BadSegmentError("InvalidId", "the id must have 16 hexadecimal digits", identity)
    if not _TRACE_ID.fullmatch(str(segment.get("trace_id", ""))):
        raise BadSegmentError("InvalidTraceId", "the trace_id must be of the form 1-xxxxxxxx-24 digits", identity)
    if not isinstance(segment.get("name"), str) or not segment["name"]:
        raise BadSegmentError("MissingName", "the segment has no name", identity)
    if not _is_time(segment.get("start_time")):
        raise BadSegmentError("InvalidStartTime", "the start_time must be in seconds since the epoch", identity)
    if not _is_time(segment.get("end_time")) and segment.get("in_progress") is not True:
        raise BadSegmentError("MissingEndTime", "the segment has neither an end_time nor is it in_progress", identity)
    if is_subsegment(segment) and not segment.get("parent_id"):
        raise BadSegmentError("MissingParentId", "a subsegment that comes by itself must have a parent_id", identity)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
