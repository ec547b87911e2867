"""``PutEvents`` refuses what AWS refuses.

Upstream defects: entries may have any size, come from sources that are AWS's own, and have a detail that is no JSON
object; a call without entries succeeds; and one entry for a bus that does not exist fails the call when other entries
were published already, where AWS loses the entry and says nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from moto.events.exceptions import ResourceNotFoundException, ValidationException
from moto.events.models import EventsBackend

from stepweave.local_cloud.adapters.patch import replaced

LARGEST_REQUEST: Final = 1024 * 1024  # bytes of UTF-8, of all entries together; 256 KiB before 2026
_TIME_BYTES: Final = 14
_MOST_ENTRIES: Final = 10
_RESERVED: Final = "aws."
_PARTNERS: Final = "aws.partner/"  # whose events upstream passes through here


@contextmanager
def event_entries() -> Iterator[None]:
    """Check what is published until the context ends."""
    upstream = EventsBackend.put_events

    def put_events(self: Any, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        if not events:
            raise ValidationException(
                "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            )
        if len(events) > _MOST_ENTRIES:
            refused: list[dict[str, Any]] = upstream(self, events)
            return refused
        if sum(entry_size(entry) for entry in events) > LARGEST_REQUEST:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        return [put(self, entry) for entry in events]

    def put(backend: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
        if (problem := _problem(entry)) is not None:
            return problem
        try:
            (result,) = upstream(backend, [entry])
        except ResourceNotFoundException:
            return {"EventId": str(uuid.uuid4())}
        answer: dict[str, Any] = result
        return answer

    with replaced(EventsBackend, "put_events", put_events):
        yield


def entry_size(entry: Mapping[str, Any]) -> int:
    """The size of an entry as EventBridge counts it, in bytes.

    Example
    -------
    >>> entry_size({"Source": "shop", "DetailType": "Sold", "Detail": "{}", "Time": 1700000000})
    24
    """
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    size = sum(len(str(text).encode()) for text in (*texts, *(entry.get("Resources") or ())))
    return size + (_TIME_BYTES if entry.get("Time") else 0)


def _problem(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is wrong with an entry, of what upstream does not see."""
    if not all(entry.get(name) for name in ("Source", "DetailType", "Detail")):
        return None
    source = str(entry["Source"])
    if source.startswith(_RESERVED) and not source.startswith(_PARTNERS):
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    try:
        is_object = isinstance(json.loads(entry["Detail"]), dict)
    except ValueError:
        is_object = False
    return None if is_object else {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
