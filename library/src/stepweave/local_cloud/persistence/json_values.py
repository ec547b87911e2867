"""Values as AWS's clients give them, which JSON alone does not know: bytes and times."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from enum import Enum
from typing import Any, Final

_BYTES: Final = "stepweave:bytes"
_TIME: Final = "stepweave:time"


def to_json(value: object) -> bytes:
    """Write a value.

    Raises
    ------
    TypeError
        If it holds something that is neither JSON nor bytes, a time or an enumeration's member.
    """
    return json.dumps(value, default=_written, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(text: bytes) -> Any:
    """Read what `to_json` wrote."""
    return json.loads(text, object_hook=_read)


def _written(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _read(value: dict[str, Any]) -> Any:
    if value.keys() == {_BYTES}:
        return base64.b64decode(value[_BYTES])
    if value.keys() == {_TIME}:
        return datetime.fromisoformat(value[_TIME])
    return value
