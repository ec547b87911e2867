"""Tell a circuit breaker of a crash that ended its execution.

Where a workflow goes on after a crash, its state machine records it. Where it does not, the execution ends in the task
itself, so that a redrive starts there and not behind a state that records; then it is recorded here.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from stepweave.contract.breaker import CRASH_ERRORS, ITEM_KEY, crash_of, probe_owner
from stepweave.contract.dead_letter import FailedTask
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.settings import breakers_table

_log = logging.getLogger(__name__)


def record_crash(task: FailedTask) -> None:
    """Record that a task's agent crashed, if it did and has a breaker. The letter does not depend on it."""
    breaker = task.input.get("breaker") if isinstance(task.input, dict) else None
    if task.error not in CRASH_ERRORS or not isinstance(breaker, str):
        return
    try:
        dynamodb().update_item(
            TableName=breakers_table(),
            Key={ITEM_KEY: {"S": breaker}},
            UpdateExpression="SET #me = :noticed",
            ExpressionAttributeNames={"#me": crash_of(probe_owner(task.execution, task.id))},
            ExpressionAttributeValues={":noticed": {"S": datetime.now(UTC).isoformat()}},
        )
    except (BotoCoreError, ClientError):
        _log.warning("circuit breaker %s could not be told of the crash of task %s", breaker, task.id, exc_info=True)
