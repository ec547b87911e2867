"""Run a task once: a repeated attempt gets what the first one returned.

The table holds one item per (agent, execution, task, input). It is written before the handler runs, which keeps
a second attempt out while the first is under way, and after it, with the result as it travels.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from pydantic import JsonValue

from stepweave.contract.event import TaskEvent
from stepweave.contract.formats import NewerFormatError
from stepweave.contract.redrive import original_of
from stepweave.runtime.aws_errors import is_transient
from stepweave.runtime.ended_attempts import has_ended
from stepweave.runtime.errors import OverlappingAttemptError, PlatformError
from stepweave.runtime.idempotency_records import IdempotencyRecords, records
from stepweave.runtime.payload import by_content

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

REMEMBERED_SECONDS = 30 * 24 * 60 * 60
"""How long a result is remembered: as long as large results stay in S3, longer than an execution can be redriven."""

_FIRST_WAIT_SECONDS, _WAIT_GROWTH, _LONGEST_WAIT_SECONDS = 0.1, 1.5, 2.0
_LEFT_SECONDS: Final = 2.0
"""What is left to an invocation when it stops waiting for another one, but for half of its time at the most."""

R = TypeVar("R")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a task returned, and whether an earlier attempt had computed it."""

    result: JsonValue
    replayed: bool


def task_key(event: TaskEvent) -> str:
    """Return the digest of what a task is: its execution, its id, and the content of its input.

    An execution that continues another one is the same in this, so that it gets the results that the other one stored.
    """
    identity = [original_of(event.execution), event.task, by_content(event.input, event.stand_ins)]
    return hashlib.sha256(json.dumps(identity, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def run_once(agent: str, event: TaskEvent, key: str, context: LambdaContext, run: Callable[[], JsonValue]) -> Outcome:
    """Run a task, unless an earlier attempt has.

    An earlier attempt that left its record and is known to have died is made up for at once. For one that may still be
    under way this one waits, as long as its own time allows: so it is never run twice at once, and what the earlier one
    returns is not missed.

    Parameters
    ----------
    agent : str
        The agent's name, which the item's key begins with.
    event : TaskEvent
        The task; the history of the execution that it runs in tells of attempts that died.
    key : str
        What the task is: see `task_key`.
    context : LambdaContext
        The invocation; when its time is up, an unfinished attempt no longer counts as under way.
    run : Callable[[], JsonValue]
        Computes the result in the form in which it travels. If it raises, the attempt is forgotten.

    Raises
    ------
    IdempotencyAlreadyInProgressError
        If an earlier attempt may be under way for longer than this one can wait.
    OverlappingAttemptError
        If the attempt that this one waited for has ended without a result: the next one has all of its time before it.
    PlatformError
        If the table could not be used this time.
    NewerFormatError
        If a later release wrote the record of the task.

    Notes
    -----
    None of these spends an attempt that the author gave: see `stepweave.contract.retry`.
    """
    own = records().owned_by(context.aws_request_id)
    waits = _Waits(event, context, own)
    done: list[JsonValue] = []
    failed: list[Exception] = []

    def attempt(*, key: str) -> dict[str, JsonValue]:  # noqa: ARG001
        try:
            if waits.count:
                raise OverlappingAttemptError("an earlier attempt, for which this one waited, has failed")
            done.append(run())
        except Exception as error:
            failed.append(error)
            raise
        return {"result": done[0]}  # wrapped, since Powertools gives an empty result back as None

    config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256", lambda_context=context)
    once = idempotent_function(
        attempt, data_keyword_argument="key", persistence_store=own, config=config, key_prefix=agent
    )
    try:
        stored: dict[str, JsonValue] = waits.until_ended(lambda: once(key=key))
    except IdempotencyPersistenceLayerError as error:
        if failed:  # what went wrong with the task matters more than that its item stayed behind
            _log.warning("a failed attempt could not be forgotten: %s", error)
            raise failed[0] from None
        if done:  # nothing is gained by failing a task whose result is at hand
            _log.warning("a result could not be remembered: %s", error)
            return Outcome(done[0], replayed=False)
        if isinstance(error.__cause__, NewerFormatError):
            raise error.__cause__ from None
        _release(own)
        if is_transient(error.__cause__):
            raise PlatformError(f"the idempotency table could not be used: {error.__cause__}") from error
        raise
    except IdempotencyInconsistentStateError as error:
        raise OverlappingAttemptError(f"another attempt changed the idempotency record meanwhile: {error}") from error
    return Outcome(stored["result"], replayed=not done)


def _release(own: IdempotencyRecords) -> None:
    """Take back a record that may have been written although every answer was an error."""
    try:
        own.release()
    except Exception as error:  # noqa: BLE001 - the next attempt learns from the history that this one has ended
        _log.warning("a record that may have been written could not be taken back: %s", error)


class _Waits:
    """Waits for an earlier attempt.

    Parameters
    ----------
    event : TaskEvent
        The task.
    context : LambdaContext
        The invocation, which ends in time for its error to be reported.
    own : IdempotencyRecords
        The table as this invocation uses it.
    """

    def __init__(self, event: TaskEvent, context: LambdaContext, own: IdempotencyRecords) -> None:
        self._event = event
        self._context = context
        self._own = own
        # What its state allows it, counted as what Lambda does: neither waits for an attempt that answers too late.
        remaining = self._remaining_seconds()
        allowed = remaining if event.timeout_seconds is None else min(remaining, float(event.timeout_seconds))
        self._until = remaining - allowed + min(_LEFT_SECONDS, allowed / 2)
        self.count = 0

    def until_ended(self, ask: Callable[[], R]) -> R:
        """Ask until no other attempt is under way any more, or time is running out."""
        while True:
            try:
                return ask()
            except IdempotencyAlreadyInProgressError:
                if self._forgets_dead_attempt():
                    continue
                wait = min(_FIRST_WAIT_SECONDS * _WAIT_GROWTH**self.count, _LONGEST_WAIT_SECONDS)
                if self._remaining_seconds() < wait + self._until:
                    raise
                self.count += 1
                time.sleep(wait)

    def _forgets_dead_attempt(self) -> bool:
        """Delete the record of the attempt in the way if it is known to have ended; seldom asked while it is waited."""
        attempt = self._own.overlapped
        if attempt is None or self.count & (self.count + 1):
            return False
        if not has_ended(self._event.runs_in, attempt.request_id, attempt.started):
            return False
        try:
            self._own.forget(attempt)
        except Exception as error:  # noqa: BLE001 - then it is waited for
            _log.warning("the record of an attempt that died could not be deleted: %s", error)
            return False
        _log.info("an earlier attempt died: request %s", attempt.request_id)
        return True

    def _remaining_seconds(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000
