"""Ask Step Functions whether an attempt has ended that could not say so itself.

An attempt that dies leaves its record behind. Lambda tells Step Functions of the death, in words that name the request,
and the execution's history keeps them. So the next attempt need not wait until the dead one's time would be over. Of an
attempt that Step Functions has given up, whose function may still be running, the history says nothing of the kind.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from stepweave.contract.failed_attempt import error_and_cause
from stepweave.runtime.clients import stepfunctions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_PAGE: Final = 100
"""Events per page: what is wanted is at the end, and an event can hold 256 KiB."""
_CLOCK_SKEW_SECONDS: Final = 60.0
"""By how much the clocks of Lambda and of Step Functions may differ."""

_log = logging.getLogger(__name__)


def has_ended(execution: str, request_id: str, started: float) -> bool:
    """Tell whether an invocation is known to have ended.

    Parameters
    ----------
    execution : str
        ARN of the execution whose state made the invocation.
    request_id : str
        The id that Lambda gave the invocation.
    started : float
        When it began, in seconds since the epoch.

    Returns
    -------
    bool
        False also if nothing can be learned, since Step Functions does not answer or the execution is gone.
    """
    try:
        return any(_tells_of(event, request_id) for event in _latest(execution, started - _CLOCK_SKEW_SECONDS))
    except (BotoCoreError, ClientError) as error:
        _log.warning("the history of %s could not be read: %s", execution, error)
        return False


def _latest(execution: str, since: float) -> Iterator[HistoryEventTypeDef]:
    pages = (
        stepfunctions()
        .get_paginator("get_execution_history")
        .paginate(executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": _PAGE})
    )
    for page in pages:
        for event in page["events"]:
            if event["timestamp"].timestamp() < since:
                return
            yield event


def _tells_of(event: HistoryEventTypeDef, request_id: str) -> bool:
    if event["type"] != "LambdaFunctionFailed":
        return False
    cause = error_and_cause(event)[1]
    try:
        report = json.loads(cause)
    except ValueError:
        report = None
    if isinstance(report, dict) and report.get("requestId"):
        return bool(report["requestId"] == request_id)  # its message may speak of anything
    return request_id in cause
