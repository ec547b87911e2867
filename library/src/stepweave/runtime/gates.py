"""Gates: an agent arrives at them inside its own invocation, and fetches what other branches published.

Both happen outside of what idempotency guards: a repeated invocation does them again, and they are made so that a
repetition changes nothing. So an agent that died after its result was stored, but before a gate knew, is made up for.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from pydantic import JsonValue

from stepweave.contract.event import TaskEvent
from stepweave.contract.formats import GATE_ITEM
from stepweave.contract.gate import (
    ARRIVED,
    EXPIRES,
    ITEM_KEY,
    RESULT,
    WAITER,
    GateSignal,
    arrival,
    item_id,
)
from stepweave.contract.value_paths import places, publisher, replaced
from stepweave.runtime.aws_errors import error_code, is_transient
from stepweave.runtime.clients import dynamodb, stepfunctions
from stepweave.runtime.errors import PlatformError, ResultNotPublishedError
from stepweave.runtime.failed_condition import checked_item, is_failed_condition
from stepweave.runtime.settings import gates_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

KEPT_SECONDS = 380 * 24 * 60 * 60
"""How long items are kept: longer than any execution may run, so that no gate forgets who has arrived."""

_WOKEN = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
_BATCH = 100
_ATTEMPTS = 5
_PARALLEL_SIGNALS = 8

_log = logging.getLogger(__name__)


def fetch_published(event: TaskEvent) -> dict[str, JsonValue]:
    """Return a task's input with the results in it that other tasks of the execution published.

    Raises
    ------
    ResultNotPublishedError
        If a result is not there.
    PlatformError
        If the table could not be read this time.
    """
    wanted = {place: task for place, value in places(event.input, event.stand_ins) if (task := publisher(value))}
    if not wanted:
        return event.input
    found: dict[str, JsonValue] = {}
    tasks = iter(sorted(set(wanted.values())))
    while batch := list(islice(tasks, _BATCH)):
        found |= _read(event.execution, batch)
    return replaced(event.input, {place: found[task] for place, task in wanted.items()})


def publish(event: TaskEvent, result: JsonValue) -> JsonValue:
    """Let the tasks of other branches fetch a result, under the name of the task that this one stands for.

    Returns
    -------
    JsonValue
        The result that is published: the first one stays.

    Raises
    ------
    PlatformError
        If the table could not be written this time.
    """
    key = _key(event.execution, event.represents)
    item: dict[str, AttributeValueTypeDef] = {
        **key,
        RESULT: {"S": json.dumps(result, ensure_ascii=False, separators=(",", ":"))},
        EXPIRES: {"N": str(_expiry())},
    }
    try:
        dynamodb().put_item(
            TableName=gates_table(),
            Item=item,
            ConditionExpression=f"attribute_not_exists({ITEM_KEY})",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except Exception as error:
        if not is_failed_condition(error):
            raise _cured_by_retry(error, "publish a result") from error
        return _published(checked_item(error, dynamodb(), gates_table(), key))
    return result


def arrive(event: TaskEvent) -> None:
    """Arrive at the gates that a task's end helps to open, and wake who waits where all have arrived.

    Raises
    ------
    PlatformError
        If a gate could not be reached this time.
    """
    if len(event.signals) == 1:
        _arrive(event, event.signals[0])
    elif event.signals:
        with ThreadPoolExecutor(min(len(event.signals), _PARALLEL_SIGNALS)) as pool:
            list(pool.map(lambda signal: _arrive(event, signal), event.signals))


def _arrive(event: TaskEvent, signal: GateSignal) -> None:
    key = _key(event.execution, signal.gate)
    item: Mapping[str, AttributeValueTypeDef]
    try:
        item = dynamodb().update_item(
            TableName=gates_table(),
            Key=key,
            ConditionExpression="attribute_not_exists(#me)",
            UpdateExpression=f"SET #me = :yes, {EXPIRES} = :expires ADD {ARRIVED} :one",
            ExpressionAttributeNames={"#me": arrival(event.represents)},
            ExpressionAttributeValues={
                ":yes": {"S": "succeeded"},
                ":one": {"N": "1"},
                ":expires": {"N": str(_expiry())},
            },
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )["Attributes"]
    except Exception as error:
        if not is_failed_condition(error):
            raise _cured_by_retry(error, f"arrive at gate {signal.gate!r}") from error
        # It arrived before, and may have died before it woke who waits.
        item = checked_item(error, dynamodb(), gates_table(), key)
    GATE_ITEM.check_item(item)
    if int(item[ARRIVED]["N"]) >= signal.need and WAITER in item:
        _wake(item[WAITER]["S"], signal)


def _key(execution: str, name: str) -> dict[str, AttributeValueTypeDef]:
    return {ITEM_KEY: {"S": item_id(execution, name)}}


def _wake(token: str, signal: GateSignal) -> None:
    try:
        stepfunctions().send_task_success(taskToken=token, output="{}")
    except Exception as error:
        if error_code(error) not in _WOKEN:
            raise _cured_by_retry(error, f"open gate {signal.gate!r}") from error
        _log.info("gate %r was opened before, or nothing waits at it any more: %s", signal.gate, error)


def _read(execution: str, tasks: list[str]) -> dict[str, JsonValue]:
    """Read published results. DynamoDB may leave some out of an answer, so what is missing is asked for again."""
    table = gates_table()
    keys = {item_id(execution, task): task for task in tasks}
    pending: list[Mapping[str, AttributeValueTypeDef]] = [{ITEM_KEY: {"S": key}} for key in keys]
    found: dict[str, JsonValue] = {}
    for _ in range(_ATTEMPTS):
        try:
            answer = dynamodb().batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": True}})
        except Exception as error:
            raise _cured_by_retry(error, "fetch published results") from error
        for item in answer["Responses"].get(table, []):
            found[keys[item[ITEM_KEY]["S"]]] = _published(item)
        if table not in answer["UnprocessedKeys"]:
            break
        pending = [*answer["UnprocessedKeys"][table]["Keys"]]
        time.sleep(0.05)
    else:
        raise PlatformError(f"DynamoDB left {len(pending)} published results out of its answers")
    missing = [task for task in tasks if task not in found]
    if missing:
        raise ResultNotPublishedError(
            f"no result of {', '.join(missing[:5])}{' and others' if len(missing) > 5 else ''} was published in this "
            "execution; if it is older than a year, start a new one"
        )
    return found


def _published(item: Mapping[str, AttributeValueTypeDef]) -> JsonValue:
    GATE_ITEM.check_item(item)
    result: JsonValue = json.loads(item[RESULT]["S"])
    return result


def _expiry() -> int:
    return int(time.time()) + KEPT_SECONDS


def _cured_by_retry(error: Exception, doing: str) -> Exception:
    return PlatformError(f"could not {doing}: {error}") if is_transient(error) else error
