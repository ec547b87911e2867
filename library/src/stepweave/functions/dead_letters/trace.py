"""Which trace an execution is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepweave.contract.dead_letter import FailedTask
from stepweave.contract.failure import TRACE_ID, failure_id
from stepweave.runtime.clients import dynamodb
from stepweave.runtime.settings import idempotency_table

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})")


def trace_id(described: DescribeExecutionOutputTypeDef, task: FailedTask | None) -> str | None:
    """Return the id of an execution's X-Ray trace.

    Parameters
    ----------
    described : DescribeExecutionOutputTypeDef
        The execution. It knows its trace only if whoever started it named one.
    task : FailedTask | None
        The task that failed. Its agent noted the trace that it ran in.

    Returns
    -------
    str | None
        None if neither says.
    """
    header = _ROOT.search(described.get("traceHeader", ""))
    if header is not None:
        return header[1]
    if task is None:
        return None
    key = {"id": {"S": failure_id(task.execution, task.id)}}
    item = dynamodb().get_item(TableName=idempotency_table(), Key=key, ConsistentRead=True).get("Item", {})
    return item.get(TRACE_ID, {}).get("S")
