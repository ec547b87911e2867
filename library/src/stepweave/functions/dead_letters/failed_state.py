"""Find in an execution's history which state made it fail.

A history is a tree: each event names the one before it, and only so do the events of parallel branches tell apart.
It can hold 25,000 events of 256 KiB, so it is read once, from its end, no further than needed, and not kept.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stepweave.contract.failed_attempt import ATTEMPTS, FAILURES, error_and_cause

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_LEFT: Final = "TaskStateExited"


@dataclass
class FailedState:
    """A state that failed, as far as its events have been read.

    Parameters
    ----------
    error, cause : str
        Of its last attempt.
    previous : int
        The event before the last one that was read.
    caught : bool
        Whether the execution went on after the failure.
    name : str | None
        The state's name.
    input : str | None
        JSON text of what its last attempt was given; None if it was given nothing.
    attempts : int
        How often it was tried, since the last redrive.
    submitted : str | None
        JSON text of what the service answered that runs a job for it: the nested execution, for instance.
    """

    error: str
    cause: str
    previous: int
    caught: bool
    name: str | None = None
    input: str | None = None
    attempts: int = 0
    submitted: str | None = None

    @property
    def nested_execution(self) -> str | None:
        """ARN of the nested execution that failed in its place; None if there is none."""
        for text in (self.cause, self.submitted):
            try:
                value = json.loads(text or "")
            except ValueError:
                continue  # the cause may be cut off
            found = value.get("ExecutionArn") if isinstance(value, dict) else None
            if isinstance(found, str):
                return found
        return None


def find_failed_state(events: "Iterable[HistoryEventTypeDef]", error: str, cause: str) -> FailedState | None:
    """Find the state whose failure ended an execution.

    Parameters
    ----------
    events : Iterable[HistoryEventTypeDef]
        The history from its end; no more is taken of it than needed.
    error, cause : str
        Why the execution failed.

    Returns
    -------
    FailedState | None
        The state that failed for the same reason, if possible one whose failure nothing caught; else the last one
        that failed uncaught; None if there is no such state.
    """
    search = _Search()
    for event in events:
        for state in search.take(event):
            if not state.caught and (state.error, state.cause) == (error, cause):
                return state
    return search.best(error)


@dataclass
class _Search:
    found: list[FailedState] = field(default_factory=list)
    _open: dict[int, FailedState] = field(default_factory=dict)
    _left: set[int] = field(default_factory=set)
    _retried: set[int] = field(default_factory=set)
    _redriven: bool = False

    def take(self, event: "HistoryEventTypeDef") -> list[FailedState]:
        """Take in the event before the last one, and return the state whose first event it was, if it is one."""
        kind, number, previous = event["type"], event["id"], event.get("previousEventId", 0)
        if kind == "ExecutionRedriven":
            self._redriven = True
        elif kind == _LEFT:
            self._left.add(previous)
        elif kind in ATTEMPTS:
            self._retried.add(previous)
        state = self._open.pop(number, None)
        if state is not None:
            return self._follow(state, event)
        if kind in FAILURES and number not in self._retried and not self._redriven:
            error, cause = error_and_cause(event)
            self._open[previous] = FailedState(error, cause, previous, caught=number in self._left)
        return []

    def best(self, error: str) -> FailedState | None:
        """Return the most likely culprit when none failed for the very reason for which the execution did."""
        states = [*self.found, *self._open.values()]
        uncaught = [state for state in states if not state.caught]
        same = [state for state in (*uncaught, *states) if state.error == error]
        return next(iter(same or uncaught), None)

    def _follow(self, state: FailedState, event: "HistoryEventTypeDef") -> list[FailedState]:
        if event["type"] in ATTEMPTS and not self._redriven:
            state.attempts += 1
        if event["type"] in ATTEMPTS and state.input is None:
            state.input = event.get("lambdaFunctionScheduledEventDetails", {}).get("input") or event.get(
                "taskScheduledEventDetails", {}
            ).get("parameters")
        if event["type"] == "TaskSubmitted" and state.submitted is None:
            state.submitted = event.get("taskSubmittedEventDetails", {}).get("output")
        if event["type"] == "TaskStateEntered":
            state.name = event.get("stateEnteredEventDetails", {}).get("name")
            self.found.append(state)
            return [state]
        state.previous = event.get("previousEventId", 0)
        self._open[state.previous] = state
        return []
