"""A pipe of EventBridge: what it reads, what it makes of it, and where that goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stepweave.local_cloud.events.target_input import Unknown, filled_template, value_at

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Pipe:
    """The settings of a pipe, as they are at the moment.

    Attributes
    ----------
    arn, name : str
        The pipe.
    source, target : str
        ARNs of what it reads, and of where that goes.
    enrichment : str or None
        The ARN of what makes something else of it in between.
    source_parameters, enrichment_parameters, target_parameters : mapping
        As the API has them.
    """

    arn: str
    name: str
    source: str
    target: str
    enrichment: str | None = None
    source_parameters: Mapping[str, Any] = field(default_factory=dict)
    enrichment_parameters: Mapping[str, Any] = field(default_factory=dict)
    target_parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def queue_parameters(self) -> Mapping[str, Any]:
        """How it reads a queue."""
        parameters: Mapping[str, Any] = self.source_parameters.get("SqsQueueParameters") or {}
        return parameters

    @property
    def patterns(self) -> tuple[str, ...]:
        """What an event must match one of; none if every event does."""
        filters = (self.source_parameters.get("FilterCriteria") or {}).get("Filters") or []
        return tuple(each["Pattern"] for each in filters if each.get("Pattern"))

    def filled(self, template: str | None, event: Any, now: datetime) -> Any:
        """Return what a template makes of an event: JSON if it is such, else text; the event if there is no template.

        Parameters
        ----------
        template
            With variables in angle brackets: paths into the event, as ``<$.body.id>``, and names of the pipe's own.
            A body that is JSON is seen as such.
        event
            A record of the source, or what the enrichment made of it.
        now
            The time.

        Example
        -------
        >>> pipe = Pipe("arn", "p", "source", "target")
        >>> pipe.filled('{"id": <$.body.id>}', {"body": '{"id": 3}'}, datetime(2026, 1, 1, tzinfo=UTC))
        {'id': 3}
        """
        if not template:
            return event
        seen = _parsed(event)
        reserved = {
            "aws.pipes.pipe-arn": self.arn,
            "aws.pipes.pipe-name": self.name,
            "aws.pipes.source-arn": self.source,
            "aws.pipes.enrichment-arn": self.enrichment or "",
            "aws.pipes.target-arn": self.target,
            "aws.pipes.event.ingestion-time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "aws.pipes.event": seen,
            "aws.pipes.event.json": event,
        }

        def value_of(name: str) -> Any:
            return value_at(seen, name) if name.startswith("$") else reserved.get(name, Unknown)

        text = filled_template(template, value_of)
        try:
            return json.loads(text)
        except ValueError:
            return text


def as_text(value: Any) -> str:
    """A value as those targets get it that take texts."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _parsed(event: Any) -> Any:
    if not isinstance(event, dict) or not isinstance(event.get("body"), str):
        return event
    try:
        return {**event, "body": json.loads(event["body"])}
    except ValueError:
        return event
