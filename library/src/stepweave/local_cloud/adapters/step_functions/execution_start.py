"""Executions start as the API says, Express ones too.

Upstream defects: every execution is run as Standard; ``StartSyncExecution`` is missing; names and sizes are not
checked; each start copies the state machine with all that it refers to; and no execution writes logs.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import copy
import math
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidExecutionInput, ValidationException
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.backend.execution import (
    Execution,
    SyncExecution,
    SyncExecutionWorkerCommunication,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from stepweave.local_cloud.adapters.patch import added, replaced
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.adapters.step_functions.execution_logs import logs_of
from stepweave.local_cloud.adapters.step_functions.state_machine_arns import Revision, revision_of
from stepweave.local_cloud.adapters.step_functions.strict_json import loads

LARGEST_INPUT: Final = 262_144  # bytes of UTF-8, by AWS's quota
_BILLED_STEP: Final = 100  # milliseconds
_BILLED_MEMORY: Final = 64  # megabytes


class StateMachineTypeNotSupported(AWSError):  # type: ignore[misc]  # noqa: N818 - AWS's name
    """The call is not for state machines of this type."""

    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


@contextmanager
def execution_start() -> Iterator[None]:
    """Start executions."""
    with ExitStack() as patches:
        patches.enter_context(replaced(StepFunctionsParserBackend, "start_execution", _start_execution))
        patches.enter_context(replaced(SyncExecution, "_get_start_execution_worker_comm", _waited))
        patches.enter_context(added(StepFunctionResponse, "start_sync_execution", _start_sync_execution))
        yield


class _Waited(SyncExecutionWorkerCommunication):  # type: ignore[misc]
    """Also lets wait for the end of an execution."""

    def __init__(self, execution: Any) -> None:
        super().__init__(execution)
        self.ended = threading.Event()

    def terminated(self) -> None:
        super().terminated()
        self.ended.set()


def _waited(execution: Any) -> _Waited:
    return _Waited(execution)


def _start_execution(
    self: Any,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: Any = None,
) -> Any:
    revision = revision_of(self, state_machine_arn)
    text = _checked_input(execution_input)
    name = _checked_name(self, name)
    is_express = revision.machine.type == StateMachineType.EXPRESS.value
    if not is_express:
        running = revision.machine._handle_name_input_idempotency(name, text)
        if running is not None:
            return running
    execution = _execution(self, Execution, revision, name, text, trace_header)
    if not is_express:
        revision.machine.executions.append(execution)
    execution.start()
    return execution


def _start_sync_execution(self: Any) -> ActionResult:
    backend = self.stepfunction_backend
    revision = revision_of(backend, self._get_param("stateMachineArn"))
    if revision.machine.type != StateMachineType.EXPRESS.value:
        raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
    text = _checked_input(self._get_param("input"))
    name = _checked_name(backend, self._get_param("name"))
    execution = _execution(backend, SyncExecution, revision, name, text, self._get_param("traceHeader"))
    execution.start()
    engine_time.wait(execution.exec_worker._execution_communication.ended, None)
    answer = execution.to_start_sync_execution_output()
    answer["input"] = execution.execution_input
    answer["inputDetails"] = {"included": True}
    answer["stateMachineArn"] = revision.machine.arn
    milliseconds = (execution.stop_date - execution.start_date).total_seconds() * 1000
    answer["billingDetails"] = {
        "billedMemoryUsedInMB": _BILLED_MEMORY,
        "billedDurationInMilliseconds": max(1, math.ceil(milliseconds / _BILLED_STEP)) * _BILLED_STEP,
    }
    if "output" not in answer:
        answer.pop("outputDetails", None)
    return ActionResult({key: value for key, value in answer.items() if value is not None})


def _execution(  # noqa: PLR0913, PLR0917 - what upstream wants to know, and where it is known
    backend: Any, kind: Any, revision: Revision, name: str, text: str, trace_header: Any
) -> Any:
    machine = revision.machine
    scope = f"arn:{backend.partition}:states:{backend.region_name}:{backend.account_id}"
    arn = f"{scope}:execution:{machine.name}:{name}"
    if machine.type == StateMachineType.EXPRESS.value:
        arn = f"{scope}:express:{machine.name}:{name}:{uuid.uuid4()}"
    # Updates replace the fields of a state machine, so that a copy of it stays what was started.
    defined = copy.copy(revision.definition)
    defined.arn, defined.executions, defined.sm_type = machine.arn, [], machine.type
    execution = kind(
        name=name,
        sm_type=StateMachineType(machine.type),
        role_arn=defined.roleArn,
        exec_arn=arn,
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=defined,
        start_date=engine_time.now(),
        cloud_watch_logging_session=logs_of(machine, arn),
        input_data=text,
        trace_header=trace_header,
        activity_store={},
    )
    execution.revision = revision
    return execution


def _checked_name(backend: Any, name: str | None) -> str:
    if not name:
        return str(uuid.uuid4())
    backend._validate_name(name)
    return name


def _checked_input(text: str | None) -> str:
    if text is None:
        return "{}"
    if len(text.encode()) > LARGEST_INPUT:
        raise ValidationException(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LARGEST_INPUT}"
        )
    if not text.strip():
        raise InvalidExecutionInput("Invalid State Machine Execution Input: 'Invalid execution input.'")
    try:
        loads(text)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    return text
