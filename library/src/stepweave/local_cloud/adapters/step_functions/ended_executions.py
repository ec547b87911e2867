"""Executions that have ended take little memory, and the oldest are forgotten.

Upstream defect: each keeps all that it ran with in memory, for ever: its history, its log, the inputs of its states.

Here the histories of all that have ended are in a file, and so is all else of those that succeeded. One that did not
may be redriven, and keeps what that takes, as long as it is among the `REDRIVABLE` that ended last. AWS keeps
executions for 90 days; here the last `KEPT` are.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.past_executions import FiledHistory, make_past
from stepweave.local_cloud.adapters.step_functions.redrive import REDRIVING
from stepweave.local_cloud.batches import Batches
from stepweave.local_cloud.spool import Spool

REDRIVABLE: Final = 500
KEPT: Final = 10_000


@contextmanager
def ended_executions(redrivable: int = REDRIVABLE, kept: int = KEPT) -> Iterator[Batches[Any]]:
    """File executions when they have ended; yields what does so."""
    filing = _Filing(redrivable, kept)
    batches = Batches(filing.file, "ended executions")
    upstream = BaseExecutionWorkerCommunication.terminated

    def terminated(self: Any) -> None:
        upstream(self)
        if self.execution.state_machine.type != "EXPRESS":  # of those nothing is kept
            batches.put(self.execution)

    with replaced(BaseExecutionWorkerCommunication, "terminated", terminated):
        yield batches
    batches.settle()


class _Filing:
    def __init__(self, redrivable: int, kept: int) -> None:
        self._spool = Spool()
        self._most_redrivable, self._most_kept = redrivable, kept
        self._redrivable: deque[Any] = deque()
        self._past: deque[Any] = deque()

    def file(self, ended: list[Any]) -> None:
        """File what has ended."""
        for execution in ended:
            with REDRIVING:
                if execution.exec_status is ExecutionStatus.SUCCEEDED:
                    self._make_past(execution)
                elif _is_over(execution):
                    manager = execution.exec_worker.env.event_manager
                    manager._history_event_list = FiledHistory(self._spool, list(manager._history_event_list))
                    self._redrivable.append(execution)
        while len(self._redrivable) > self._most_redrivable:
            execution = self._redrivable.popleft()
            with REDRIVING:
                if _is_over(execution) and execution not in self._redrivable:
                    self._make_past(execution)
        while len(self._past) > self._most_kept:
            _forget(self._past.popleft())

    def _make_past(self, execution: Any) -> None:
        if getattr(execution.exec_worker.env, "attempt", None) is not None:  # else it is past already
            make_past(execution, self._spool)
            self._past.append(execution)


def _is_over(execution: Any) -> bool:
    return execution.exec_status not in {None, ExecutionStatus.RUNNING}


def _forget(execution: Any) -> None:
    for machine in stepfunctions_parser_backends[execution.account_id][execution.region_name].state_machines:
        if machine.arn == execution.state_machine.arn:
            with suppress(ValueError):
                machine.executions.remove(execution)
