"""Workflows that the tests of the test API run."""

from datetime import timedelta
from typing import Any

from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow

RESULT = ReplayResult(task="stub", started=1.0, finished=2.0, lineage="0" * 64)
DAY = 24 * 60 * 60


@workflow(timeout=timedelta(minutes=30))
def two_naps() -> ReplayResult:
    """Nap twice."""
    first = replayer("first", seconds=0.01)
    return replayer("second", dependencies=[first])


@workflow(timeout=timedelta(minutes=30))
def crossing_naps() -> ReplayResult:
    """Nap in an N: a gate lies between the branches."""
    a = replayer("a")
    b = replayer("b")
    c = replayer("c", dependencies=[a])
    d = replayer("d", dependencies=[a, b])
    return replayer("e", dependencies=[c, d])


def patient(resource: str) -> dict[str, Any]:
    """The definition of a machine that waits for a day, and then has a task with three retries that back off."""
    retrier = {"ErrorEquals": ["Throttled"], "IntervalSeconds": 600, "BackoffRate": 2.0, "MaxAttempts": 3}
    event = {"execution.$": "$$.Execution.Id", "task": "work", "input": {}, "result_limit_bytes": 200_000}
    return {
        "StartAt": "pause",
        "TimeoutSeconds": 3 * DAY,
        "States": {
            "pause": {"Type": "Wait", "Seconds": DAY, "Next": "work"},
            "work": {"Type": "Task", "Resource": resource, "Parameters": event, "Retry": [retrier], "End": True},
        },
    }
