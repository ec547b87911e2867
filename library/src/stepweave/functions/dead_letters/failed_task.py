"""Find the task that made an execution fail, in the execution itself or in one that is nested in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from stepweave.contract.dead_letter import FailedTask
from stepweave.functions.dead_letters.failed_state import FailedState, find_failed_state

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_PAGE: Final = 100
"""Events per page: what is wanted is at the end, and an event can hold 256 KiB."""

_DEEPEST: Final = 10


def find_failed_task(client: SFNClient, execution: str, error: str, cause: str) -> FailedTask | None:
    """Find the task whose failure ended an execution.

    Parameters
    ----------
    client : SFNClient
        Where the execution is.
    execution : str
        ARN of the execution.
    error, cause : str
        Why it failed.

    Returns
    -------
    FailedTask | None
        None if no state that calls something failed.
    """
    found: FailedTask | None = None
    for _ in range(_DEEPEST):
        state = find_failed_state(_history(client, execution), error, cause)
        if state is None:
            return found
        found = _task(state, execution)
        nested = state.nested_execution
        if nested is None:
            return found
        described = client.describe_execution(executionArn=nested)
        if described["status"] != "FAILED":
            return found  # it ran out of time or was aborted: the task is the state that waited for it
        execution, error, cause = nested, described.get("error", ""), described.get("cause", "")
    return found


def _history(client: SFNClient, execution: str) -> Iterator[HistoryEventTypeDef]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        yield from page["events"]


def _task(state: FailedState, execution: str) -> FailedTask:
    given = _json(state.input)
    # An agent's event says which task it is for, and in which execution that is; a state's name need not.
    event = given if isinstance(given, dict) else {}
    task, of_execution = event.get("task"), event.get("execution")
    return FailedTask(
        id=task if isinstance(task, str) else state.name or "",
        execution=of_execution if isinstance(of_execution, str) else execution,
        input=given,
        error=state.error,
        cause=state.cause,
        attempts=state.attempts,
    )


def _json(text: str | None) -> JsonValue:
    try:
        value: JsonValue = json.loads(text or "null")
    except ValueError:
        return text
    return value
