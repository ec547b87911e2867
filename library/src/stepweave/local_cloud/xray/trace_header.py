"""The header by which a trace is carried from caller to callee."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Final

from stepweave.local_cloud.identifiers import new_hexadecimal

_ROOT: Final = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")


def new_trace_id() -> str:
    """The id of a trace that begins now."""
    return f"1-{int(time.time()):08x}-{new_hexadecimal(24)}"


def new_segment_id() -> str:
    """The id of a segment or subsegment."""
    return new_hexadecimal(16)


@dataclass(frozen=True)
class TraceHeader:
    """An X-Ray trace header.

    Attributes
    ----------
    root : str
        The trace's id.
    parent : str or None
        The id of the caller's segment or subsegment.
    is_sampled : bool or None
        Whether the trace is recorded; None leaves that to the callee.

    Example
    -------
    >>> header = TraceHeader.parse("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    >>> str(header.under("53995c3f42cd8ad8"))
    'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
    """

    root: str
    parent: str | None = None
    is_sampled: bool | None = None

    @classmethod
    def parse(cls, text: str | None) -> TraceHeader | None:
        """Read a header; None if there is none, or it names no trace."""
        if not text:
            return None
        parts = {}
        for part in text.split(";"):
            name, _, value = part.partition("=")
            parts[name.strip()] = value.strip()
        root = parts.get("Root", "")
        if not _ROOT.fullmatch(root):
            return None
        sampled = {"1": True, "0": False}.get(parts.get("Sampled", ""))
        return cls(root, parts.get("Parent") or None, sampled)

    def under(self, parent: str) -> TraceHeader:
        """The header that the segment `parent` of this trace sends to whom it calls."""
        return replace(self, parent=parent)

    def __str__(self) -> str:
        parts = [f"Root={self.root}"]
        if self.parent is not None:
            parts.append(f"Parent={self.parent}")
        if self.is_sampled is not None:
            parts.append(f"Sampled={int(self.is_sampled)}")
        return ";".join(parts)
