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
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from pydantic import JsonValue

from stepweave.contract.event import TaskEvent
from stepweave.contract.redrive import original_of
from stepweave.runtime.aws_errors import is_transient
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.errors import TransientError
from stepweave.runtime.payload import by_content
from stepweave.runtime.settings import idempotency_table

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

REMEMBERED_SECONDS = 30 * 24 * 60 * 60
"""How long a result is remembered: as long as large results stay in S3, longer than an execution can be redriven."""

_FIRST_WAIT_SECONDS, _WAIT_GROWTH, _LONGEST_WAIT_SECONDS = 0.1, 1.5, 2.0
_LEFT_SECONDS = 2.0
"""What is left to an invocation when it stops waiting for another one."""

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


def run_once(agent: str, key: str, context: LambdaContext, run: Callable[[], JsonValue]) -> Outcome:
    """Run a task, unless an earlier attempt has.

    While an earlier attempt is under way this one waits for it, as long as its own time allows: the earlier one is cut
    off before that, so what it returns is not missed, and no retry is spent on asking for it.

    Parameters
    ----------
    agent : str
        The agent's name, which the item's key begins with.
    key : str
        What the task is: see `task_key`.
    context : LambdaContext
        The invocation; when its time is up, an unfinished attempt no longer counts as under way.
    run : Callable[[], JsonValue]
        Computes the result in the form in which it travels. If it raises, the attempt is forgotten.

    Raises
    ------
    IdempotencyAlreadyInProgressError
        If an earlier attempt is under way for longer than this one can wait; the state's Retry matches this name.
    TransientError
        If the table could not be used this time, or the attempt that this one waited for has failed: the next one has
        all of its time before it.
    """
    waits = _Waits(context)
    done: list[JsonValue] = []
    failed: list[Exception] = []

    def attempt(*, key: str) -> dict[str, JsonValue]:  # noqa: ARG001
        try:
            if waits.count:
                raise TransientError("an earlier attempt, for which this one waited, has failed")
            done.append(run())
        except Exception as error:
            failed.append(error)
            raise
        return {"result": done[0]}  # wrapped, since Powertools gives an empty result back as None

    config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256", lambda_context=context)
    once = idempotent_function(
        attempt, data_keyword_argument="key", persistence_store=records(), config=config, key_prefix=agent
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
        if is_transient(error.__cause__):
            raise TransientError(f"the idempotency table could not be used: {error.__cause__}") from error
        raise
    except IdempotencyInconsistentStateError as error:
        raise TransientError(f"another attempt changed the idempotency record meanwhile: {error}") from error
    return Outcome(stored["result"], replayed=not done)


class _Waits:
    """Waits for an earlier attempt.

    Parameters
    ----------
    context : LambdaContext
        The invocation, which ends in time for its error to be reported.
    """

    def __init__(self, context: LambdaContext) -> None:
        self._context = context
        self.count = 0

    def until_ended(self, ask: Callable[[], R]) -> R:
        """Ask until no other attempt is under way any more, or time is running out."""
        while True:
            try:
                return ask()
            except IdempotencyAlreadyInProgressError:
                wait = min(_FIRST_WAIT_SECONDS * _WAIT_GROWTH**self.count, _LONGEST_WAIT_SECONDS)
                if self._context.get_remaining_time_in_millis() / 1000 < wait + _LEFT_SECONDS:
                    raise
                self.count += 1
                time.sleep(wait)


def records(remembered_seconds: int = REMEMBERED_SECONDS) -> DynamoDBPersistenceLayer:
    """Return the table as Powertools uses it, made by the first call.

    There is one for each time that records are remembered, as it stays as its first use configures it.
    """
    return _layer(idempotency_table(), dynamodb(), remembered_seconds)


@lru_cache(maxsize=8)
def _layer(table: str, client: DynamoDBClient, _remembered_seconds: int) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table, boto3_client=client)
