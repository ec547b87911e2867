"""An event as EventBridge hands it on."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

JsonObject = dict[str, Any]
"""A JSON object whose members are the publisher's affair."""

MAXIMUM_HOPS = 5


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes
    ----------
    source, detail_type : str
        Who says what.
    detail : dict
        The publisher's own JSON object.
    account, region : str
        Where it happened.
    resources : tuple of str
        ARNs of what it is about.
    id : str
        A UUID.
    at : float
        When it happened, in seconds since the epoch; shown with a resolution of one second.
    replay_name : str
        The replay that it comes from; empty if it is no replay.
    hops : int
        How many buses handed it to another.
    """

    source: str
    detail_type: str
    detail: JsonObject
    account: str
    region: str
    resources: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: float = field(default_factory=lambda: time.time())  # noqa: PLW0108 - tests put `time` on another clock
    replay_name: str = ""
    hops: int = 0

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> Event:
        """The event that moto, which has no class for it, holds as a dict."""
        return cls(
            source=str(message["source"]),
            detail_type=str(message["detail-type"]),
            detail=message["detail"],
            account=str(message["account"]),
            region=str(message["region"]),
            resources=tuple(message.get("resources", ())),
            id=str(message["id"]),
            at=_seconds(message.get("time")),
            replay_name=str(message.get("replay-name", "")),
        )

    def to_json(self) -> JsonObject:
        """The envelope that patterns are matched with, and targets get."""
        envelope: JsonObject = {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": list(self.resources),
            "detail": self.detail,
        }
        if self.replay_name:
            envelope["replay-name"] = self.replay_name
        return envelope

    def to_text(self) -> str:
        """The envelope as JSON text."""
        return json.dumps(self.to_json(), separators=(",", ":"), ensure_ascii=False)

    def handed_on(self) -> Event:
        """The same event on its way to another bus."""
        return replace(self, hops=self.hops + 1)


def _seconds(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value:
        return float(value) if value.replace(".", "", 1).isdigit() else datetime.fromisoformat(value).timestamp()
    return time.time()
