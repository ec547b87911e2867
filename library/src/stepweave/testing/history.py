"""The visits of states that an execution's history tells of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from pydantic import JsonValue

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_SCHEDULED: Final = frozenset({"LambdaFunctionScheduled", "TaskScheduled", "ActivityScheduled"})
_SUCCEEDED: Final = frozenset({"LambdaFunctionSucceeded", "TaskSucceeded", "ActivitySucceeded"})
_FAILURES: Final = ("Failed", "TimedOut")


@dataclass
class StateVisit:
    """One visit of a state.

    Parameters
    ----------
    name, kind : str
        The state, and what it is, such as ``Task``.
    entered : HistoryEventTypeDef
        The event that begins the visit.
    scheduled, ended : HistoryEventTypeDef | None
        The event of the first attempt, and the one that ends the visit: its exit, or the failure that nothing caught.
    succeeded, failed : HistoryEventTypeDef | None
        The latest attempt that succeeded, and the latest one that failed.
    latest : HistoryEventTypeDef | None
        The event of the latest attempt.
    submitted : HistoryEventTypeDef | None
        The event that says that a service took the latest request.
    attempts : int
        How many attempts were made.
    has_exited : bool
        Whether the state was left.
    calls_function : bool
        Whether it calls a Lambda function.
    execution : str
        The ARN of the execution, which may be a nested one.
    """

    name: str
    kind: str
    entered: HistoryEventTypeDef
    scheduled: HistoryEventTypeDef | None = None
    latest: HistoryEventTypeDef | None = None
    submitted: HistoryEventTypeDef | None = None
    succeeded: HistoryEventTypeDef | None = None
    failed: HistoryEventTypeDef | None = None
    ended: HistoryEventTypeDef | None = None
    attempts: int = 0
    has_exited: bool = False
    calls_function: bool = False
    execution: str = ""

    @property
    def started_at(self) -> datetime:
        """When it was entered."""
        return self.entered["timestamp"]

    def take(self, event: HistoryEventTypeDef) -> None:
        """Take in an event of this visit."""
        kind = event["type"]
        if kind in _SCHEDULED:
            self.scheduled = self.scheduled or event
            self.latest, self.submitted, self.ended = event, None, None
            self.attempts += 1
            self.calls_function = self.calls_function or kind.startswith("Lambda") or _invokes(event)
        elif kind == "TaskSubmitted":
            self.submitted = event
        elif kind in _SUCCEEDED:
            self.succeeded, self.failed = event, None
        elif kind.endswith(_FAILURES):
            self.failed = self.ended = event
        elif kind.endswith("StateExited"):
            self.ended, self.has_exited = event, True


def visits(events: Iterable[HistoryEventTypeDef]) -> list[StateVisit]:
    """Return the visits of an execution in the order of their beginning.

    Parameters
    ----------
    events : Iterable[HistoryEventTypeDef]
        The whole history, oldest first.
    """
    found: list[StateVisit] = []
    owners: dict[int, StateVisit] = {}
    for event in events:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            name = event.get("stateEnteredEventDetails", {}).get("name", "")
            visit = StateVisit(name, kind.removesuffix("StateEntered"), event)
            found.append(visit)
        else:
            owner = owners.get(event.get("previousEventId", 0))
            if owner is None or kind.startswith("Execution"):
                continue
            visit = owner
            visit.take(event)
        owners[event["id"]] = visit
    return found


def details(event: HistoryEventTypeDef | None, name: str) -> str:
    """Return a member of an event's details; empty if the event has none."""
    for value in (event or {}).values():
        if isinstance(value, Mapping) and name in value:
            return str(value[name])
    return ""


def parsed(text: str) -> JsonValue:
    """Return what JSON text says; None for no text, and text that is no JSON as it is."""
    try:
        return cast("JsonValue", json.loads(text)) if text else None
    except ValueError:
        return text


def _invokes(event: HistoryEventTypeDef) -> bool:
    return details(event, "resourceType") == "lambda"
