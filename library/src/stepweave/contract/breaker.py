"""The circuit breaker that guards what an agent depends on, as the agent's contract names it.

The state of all breakers is in one table, an item each. What is written here of that item is what the compiler and
the runtime have to agree on: crashes that an agent cannot record itself are recorded by the state machine.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from stepweave.contract.option_checks import (
    check_error_names,
    check_flag,
    check_instance,
    check_time,
    check_whole_number,
)

ITEM_KEY: Final = "id"
"""Partition key of the breakers table: the breaker's name."""

CRASH_ERRORS: Final = (
    "States.Timeout",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "Runtime.OutOfMemory",
    "Lambda.Unknown",
)
"""Errors of an agent that died or ran out of time, and so could not record its failure itself."""

CRASH_PREFIX: Final = "crash:"
"""What the attributes begin with that say when an agent's crash was noticed: ``$$.State.EnteredTime`` of the state that
records it (ISO 8601). There is one for each task of an execution, so that recording a crash twice counts once."""

EVENT_SOURCE: Final = "stepweave.breaker"
EVENT_TYPE: Final = "Circuit Breaker State Change"

CIRCUIT_OPEN: Final = "CircuitOpenError"
"""The error of a task that found its breaker open, as Step Functions sees it."""

RETRY_AFTER_WORD: Final = 7
"""Which word of that error's message, from 0, is the time after which it may be tried again."""

_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,79}")
_LONGEST: Final = timedelta(hours=24)
# What is counted is kept in one item of DynamoDB, which must stay small to stay cheap.
_MOST_COUNTED: Final = 1_000
_MOST_PROBES: Final = 100


@dataclass(frozen=True)
class CircuitBreakerConfig:
    """When a breaker opens and closes.

    Parameters
    ----------
    failure_threshold : int
        So many failures of the whole fleet within `window` open the breaker.
    window : timedelta
        How long a failure counts.
    recovery_timeout : timedelta
        How long the breaker stays open before it lets probes through.
    success_threshold : int
        So many probes have to succeed to close it.
    half_open_max_calls : int
        How many probes may be in flight at once, over the whole fleet.

    Raises
    ------
    ValueError
        If a count is below 1 or above 1,000 (`half_open_max_calls`: 100), or a time below 1 second or above 24 hours.
    TypeError
        If a count is no whole number, or a time no ``timedelta``.
    """

    failure_threshold: int = 5
    window: timedelta = timedelta(seconds=60)
    recovery_timeout: timedelta = timedelta(seconds=60)
    success_threshold: int = 2
    half_open_max_calls: int = 3

    def __post_init__(self) -> None:
        for what, most in (
            ("failure_threshold", _MOST_COUNTED),
            ("success_threshold", _MOST_COUNTED),
            ("half_open_max_calls", _MOST_PROBES),
        ):
            check_whole_number(f"circuit breaker: {what}", getattr(self, what), 1, most)
        for what in ("window", "recovery_timeout"):
            check_time(f"circuit breaker: {what}", getattr(self, what), timedelta(seconds=1), _LONGEST)


@dataclass(frozen=True)
class Breaker:
    """The breaker of an agent. Agents that depend on the same thing name the same breaker.

    Parameters
    ----------
    name : str
        What the agent depends on, for example ``github-api``: letters, digits, ``.``, ``_`` and ``-``.
    config : CircuitBreakerConfig
        When it opens and closes.
    ignored_errors : tuple of str
        Names of errors that say nothing about the health of what is guarded, an answer of "not found" for instance.
        Errors in the agent's own input or output never count.
    waits : bool
        What a task does that finds the breaker open and has no fallback: wait until it may try again if true, fail
        at once if false.
    fail_open : bool
        What a call does that cannot learn the breaker's state because DynamoDB fails: it is let through if true, so
        that an outage of the breaker is no outage of the agent; it is refused if false.

    Raises
    ------
    ValueError
        If the name is not such a name, or the ignored errors are no tuple of names.
    TypeError
        If a value is of another type.
    """

    name: str
    config: CircuitBreakerConfig = field(default_factory=CircuitBreakerConfig)
    ignored_errors: tuple[str, ...] = ()
    waits: bool = False
    fail_open: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(
                f"the name of a circuit breaker must be a text, as in Breaker('github-api'), not {self.name!r}"
            )
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"circuit breaker name {self.name!r}: use 1 to 80 letters, digits, '.', '_' or '-', "
                "beginning with a letter or digit"
            )
        own = f"circuit breaker {self.name}"
        check_instance(f"{own}: config", self.config, CircuitBreakerConfig, "CircuitBreakerConfig(failure_threshold=5)")
        check_error_names(f"{own}: ignored_errors", self.ignored_errors)
        check_flag(f"{own}: waits", self.waits)
        check_flag(f"{own}: fail_open", self.fail_open)


def open_message(name: str, retry_after: datetime, why: str = "") -> str:
    """Return the message of the error of a task that found its breaker open; a state machine reads the time in it.

    Parameters
    ----------
    name : str
        The breaker's name.
    retry_after : datetime
        When the task may try again.
    why : str
        Who opened it by hand, why, and until when; empty if failures did.

    Example
    -------
    >>> open_message("github-api", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    'circuit breaker github-api is open; retry after 2030-01-02T03:04:05Z'
    >>> open_message("github-api", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), "opened by ann: maintenance")
    'circuit breaker github-api is open; retry after 2030-01-02T03:04:05Z (opened by ann: maintenance)'
    """
    message = f"circuit breaker {name} is open; retry after {retry_after.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{message} ({why})" if why else message


def probe_owner(execution: str, task: str) -> str:
    """Return who a task is as the owner of a probe: the execution's ARN and the task's id."""
    return f"{execution}#{task}"


def crash_of(owner: str) -> str:
    """Return the attribute by which the state machine says that the owner of a probe crashed."""
    return f"{CRASH_PREFIX}{owner}"
