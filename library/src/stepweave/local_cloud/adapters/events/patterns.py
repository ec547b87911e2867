"""Event patterns are those of AWS.

Upstream defects: elements of arrays are looked at neither one by one nor as what belongs together, names with dots are
not paths, patterns that AWS refuses are taken, and ``TestEventPattern`` answers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern as UpstreamPattern
from moto.events.models import EventPatternParser
from moto.events.responses import EventsHandler

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.events.pattern import EventPattern, InvalidPatternError

_KEPT: Final = 256
_REQUIRED: Final = ("id", "account", "source", "time", "region", "detail-type")
_parsed: Final = lru_cache(_KEPT)(EventPattern.parse)


@contextmanager
def event_patterns() -> Iterator[None]:
    """Match by AWS's patterns."""

    def matches_event(self: Any, event: Mapping[str, Any]) -> bool:
        pattern = self.get_pattern()
        return not pattern or _parsed(json.dumps(pattern)).matches(json.loads(json.dumps(event)))

    def parse(self: Any) -> Any:
        if not self.pattern:
            return {}
        _check(self.pattern)
        return json.loads(self.pattern)

    def test_event_pattern(self: Any) -> str:
        pattern, text = self._get_param("EventPattern"), self._get_param("Event")
        _check(pattern)
        try:
            event = json.loads(text)
        except ValueError as error:
            raise ValidationException(f"Parameter Event is not valid. Reason: {error}") from error
        if not isinstance(event, dict) or any(name not in event for name in _REQUIRED):
            raise ValidationException(f"Parameter Event is not valid. It must have {', '.join(_REQUIRED)}.")
        return json.dumps({"Result": _parsed(pattern).matches(event)})

    with (
        replaced(UpstreamPattern, "matches_event", matches_event),
        replaced(EventPatternParser, "parse", parse),
        replaced(EventsHandler, "test_event_pattern", test_event_pattern),
    ):
        yield


def _check(pattern: str) -> None:
    try:
        _parsed(pattern)
    except InvalidPatternError as error:
        raise InvalidEventPatternException(reason=str(error)) from error
