"""Remember the trace of a failed attempt, for the dead letter that its execution may become."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from stepweave.contract.failure import ERROR, TRACE_ID, failure_id
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.errors import ConfigurationError
from stepweave.runtime.idempotency import REMEMBERED_SECONDS
from stepweave.runtime.settings import idempotency_table

_LONGEST_NAME: Final = 256

_log = logging.getLogger(__name__)


def record_failure(event: object, error: Exception) -> None:
    """Write down which trace a failed attempt belongs to: the error itself must not fail for want of that.

    Nothing is written where no trace is kept, or for an event that names no task.
    """
    trace_id = _trace_id()
    if trace_id is None or not isinstance(event, Mapping) or not {"execution", "task"} <= event.keys():
        return
    try:
        dynamodb().put_item(
            TableName=idempotency_table(),
            Item={
                "id": {"S": failure_id(str(event["execution"]), str(event["task"]))},
                TRACE_ID: {"S": trace_id},
                ERROR: {"S": type(error).__name__[:_LONGEST_NAME]},
                "expiration": {"N": str(int(time.time()) + REMEMBERED_SECONDS)},
            },
        )
    except (BotoCoreError, ClientError, ConfigurationError):
        _log.warning("the trace of a failed attempt could not be written down", exc_info=True)


def _trace_id() -> str | None:
    """Return the id of the X-Ray trace that this invocation belongs to: ``Root=1-...;Parent=...;Sampled=1``."""
    fields = dict(part.strip().partition("=")[::2] for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";"))
    return fields.get("Root") or None
