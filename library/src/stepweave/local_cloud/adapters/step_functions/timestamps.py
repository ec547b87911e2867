"""Timestamps as the Amazon States Language has them: RFC 3339, with ``T``, seconds, and ``Z`` or an offset."""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

_TIMESTAMP: Final = re.compile(
    r"(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<offset>Z|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NANOSECONDS: Final = 1_000_000_000


def instant(text: Any) -> int | None:
    """Return the nanoseconds since 1970 at which a timestamp is; None if it is no timestamp.

    Parameters
    ----------
    text
        Any value of JSON.

    Example
    -------
    >>> instant("1970-01-01T02:00:00.5+02:00")
    500000000
    """
    found = _TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        whole = datetime.datetime.fromisoformat(found["moment"] + found["offset"])
    except ValueError:  # there is no such day, hour or offset
        return None
    return round((whole - _EPOCH).total_seconds()) * _NANOSECONDS + int((found["fraction"] or "0").ljust(9, "0"))
