"""Errors of simulated states, and which rules of ``Retry`` and ``Catch`` are for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from stepweave.compiler.asl import Catcher, Retrier

RuleT = TypeVar("RuleT", Catcher, Retrier)

_NEVER_MATCHED = frozenset({"States.DataLimitExceeded", "States.Runtime"})
_TIMEOUTS = frozenset({"States.Timeout", "States.HeartbeatTimeout"})


class TaskError(Exception):
    """What a simulated task raises in order to fail.

    Parameters
    ----------
    error, cause : str
        As Step Functions reports them.
    """

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


def rule_for(error: str, rules: Sequence[RuleT]) -> RuleT | None:
    """Return the first rule that matches an error; None if none does."""
    return next((rule for rule in rules if _matches(error, rule["ErrorEquals"])), None)


def _matches(error: str, names: Sequence[str]) -> bool:
    if error in names:
        return True
    if error in _NEVER_MATCHED:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error not in _TIMEOUTS)
