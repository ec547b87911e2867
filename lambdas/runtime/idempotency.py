"""Run a task once: a repeated attempt gets what the first one returned.

The table holds one item per (agent, execution, task, input). It is written before the handler runs, which keeps
a second attempt out while the first is under way, and after it, with the result as it travels.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from pydantic import JsonValue

from lambdas.contract.event import TaskEvent
from lambdas.runtime.aws_errors import is_transient
from lambdas.runtime.clients import dynamodb
from lambdas.runtime.errors import TransientError
from lambdas.runtime.payload import by_content
from lambdas.runtime.settings import idempotency_table

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

REMEMBERED_SECONDS = 24 * 60 * 60
"""How long a result is remembered: longer than any state retries, shorter than large results stay in S3.

A redrive after that runs the task again, as it runs every task that had failed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a task returned, and whether an earlier attempt had computed it."""

    result: JsonValue
    replayed: bool


def task_key(event: TaskEvent) -> str:
    """Return the digest of what a task is: its execution, its id, and the content of its input."""
    identity = [event.execution, event.task, by_content(event.input)]
    return hashlib.sha256(json.dumps(identity, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def run_once(agent: str, event: TaskEvent, context: LambdaContext, run: Callable[[], JsonValue]) -> Outcome:
    """Run a task, unless an earlier attempt has.

    Parameters
    ----------
    agent : str
        The agent's name, which the item's key begins with.
    event : TaskEvent
        The task.
    context : LambdaContext
        The invocation; when its time is up, an unfinished attempt no longer counts as under way.
    run : Callable[[], JsonValue]
        Computes the result in the form in which it travels. If it raises, the attempt is forgotten.

    Raises
    ------
    IdempotencyAlreadyInProgressError
        If an earlier attempt is still under way; the state's Retry matches this name.
    TransientError
        If the table could not be used this time.
    """
    done: list[JsonValue] = []
    failed: list[Exception] = []

    def attempt(*, key: str) -> dict[str, JsonValue]:  # noqa: ARG001
        try:
            done.append(run())
        except Exception as error:
            failed.append(error)
            raise
        return {"result": done[0]}  # wrapped, since Powertools gives an empty result back as None

    config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS, hash_function="sha256", lambda_context=context)
    once = idempotent_function(
        attempt, data_keyword_argument="key", persistence_store=_table(), config=config, key_prefix=agent
    )
    try:
        stored: dict[str, JsonValue] = once(key=task_key(event))
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


def prepare_idempotency() -> None:
    """Make the client and the persistence layer before the first invocation."""
    _table()


def _table() -> DynamoDBPersistenceLayer:
    return _layer(idempotency_table(), dynamodb())


@lru_cache(maxsize=8)
def _layer(table: str, client: DynamoDBClient) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table, boto3_client=client)
