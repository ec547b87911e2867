"""Who sees that an execution has ended sees its result, too.

Upstream defect: the status is written before the output, the error and the cause, so that whoever looks in between, as
a parent that waits for the execution does, finds that it has succeeded with nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramState,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions import engine_time

_STATUS: Final[dict[type[ProgramState], ExecutionStatus]] = {
    ProgramEnded: ExecutionStatus.SUCCEEDED,
    ProgramError: ExecutionStatus.FAILED,
    ProgramStopped: ExecutionStatus.ABORTED,
    ProgramTimedOut: ExecutionStatus.TIMED_OUT,
}


@contextmanager
def execution_results() -> Iterator[None]:
    """Write the status of an execution that has ended after all that belongs to it."""
    with replaced(BaseExecutionWorkerCommunication, "_reflect_execution_status", _write_result):
        yield


def _write_result(self: Any) -> None:
    execution, environment = self.execution, self.execution.exec_worker.env
    state = environment.program_state()
    if isinstance(state, ProgramEnded):
        execution.output = environment.states.get_input()
    elif isinstance(state, ProgramError):
        error = state.error or {}
        execution.error, execution.cause = error.get("error"), error.get("cause")
    execution.stop_date = engine_time.now()
    execution.exec_status = _STATUS[type(state)]
