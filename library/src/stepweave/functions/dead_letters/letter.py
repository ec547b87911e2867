"""Make the dead letter of an execution that failed."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import JsonValue

from stepweave.contract.dead_letter import DeadLetter, FailedTask
from stepweave.contract.status_change import StatusChange
from stepweave.functions.dead_letters.crash import record_crash
from stepweave.functions.dead_letters.failed_task import find_failed_task
from stepweave.functions.dead_letters.stored_input import stored_if_large
from stepweave.functions.dead_letters.trace import trace_id
from stepweave.runtime.aws_errors import error_code
from stepweave.runtime.clients import stepfunctions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_log = logging.getLogger(__name__)


def make_letter(change: StatusChange) -> DeadLetter | None:
    """Look up what failed and why.

    Parameters
    ----------
    change : StatusChange
        What EventBridge said.

    Returns
    -------
    DeadLetter | None
        None if the execution has been redriven since: it is on its way again, and fails with another event.

    Raises
    ------
    TransientError
        If a large input could not be stored this time.
    """
    described = _describe(change.execution)
    redrives = described.get("redriveCount", 0) if change.redrives is None else change.redrives
    if described.get("redriveCount", 0) > redrives:
        _log.info("execution was redriven since: %s", change.execution)
        return None
    # The event leaves out what is too large for it.
    error = change.error or described.get("error", "")
    cause = change.cause or described.get("cause", "")
    task = None
    if change.status == "FAILED" and described:
        task = find_failed_task(stepfunctions(), change.execution, error, cause)
        if task is not None:
            record_crash(task)
    return DeadLetter(
        execution=change.execution,
        state_machine=change.state_machine,
        status=change.status,
        started=change.started,
        stopped=change.stopped or described.get("stopDate", change.started),
        redrives=redrives,
        input=stored_if_large(_json(change.input or described.get("input", "")), change.execution),
        error=error,
        cause=cause,
        task=None if task is None else _with_stored_input(task, change.execution),
        trace_id=trace_id(described, task),
    )


def _describe(execution: str) -> DescribeExecutionOutputTypeDef:
    try:
        return stepfunctions().describe_execution(executionArn=execution)
    except ClientError as error:
        if error_code(error) != "ExecutionDoesNotExist":
            raise
        _log.warning("execution is gone, with its state machine: %s", execution)
        return {}  # type: ignore[typeddict-item]


def _with_stored_input(task: FailedTask, execution: str) -> FailedTask:
    return task.model_copy(update={"input": stored_if_large(task.input, execution)})


def _json(text: str) -> JsonValue:
    value: JsonValue = json.loads(text or "{}")
    return value
