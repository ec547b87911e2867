"""Tasks that call a Lambda function call it in this process, and fail with the names that AWS gives.

Upstream defects: the engine calls ``lambda:Invoke`` over HTTP, which costs about 8 ms a task; and where Lambda refuses
a call (throttled, no such function), or the input cannot be made, a task whose resource is the function itself fails
with ``Exception``, which no retrier of a real state machine names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, LambdaFunctionFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.task_time_limits import current_caller
from stepweave.local_cloud.lambda_runtime.caller import Caller
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.xray.execution_trace import current_trace_header


class FunctionCaller(Protocol):
    """What calls functions for the engine."""

    @property
    def lets_callers_leave(self) -> bool:
        """Whether a caller may be given, who may leave before the call has ended."""

    def invoke_function(  # noqa: PLR0913 - the parameters of lambda:Invoke
        self,
        function: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        client_context: str | None = None,
        trace_header: str | None = None,
        caller: Caller | None = None,
    ) -> InvocationResult:
        """Call a function and wait for its result, as long as the caller stays."""


@contextmanager
def in_process_functions(
    caller: FunctionCaller, client_error: Callable[[InvocationRefused], Exception]
) -> Iterator[None]:
    """Let tasks call functions through ``caller``.

    Parameters
    ----------
    caller
        Runs the functions.
    client_error
        Makes a botocore error of a refusal.
    """

    def invoke(parameters: dict[str, Any], **_: Any) -> dict[str, Any]:
        try:
            result = caller.invoke_function(
                parameters["FunctionName"],
                parameters.get("Payload", b"{}"),
                qualifier=parameters.get("Qualifier"),
                client_context=parameters.get("ClientContext"),
                trace_header=None if (header := current_trace_header()) is None else str(header),
                caller=current_caller(),
            )
        except InvocationRefused as refused:
            raise client_error(refused) from refused
        response: dict[str, Any] = {
            "StatusCode": 200,
            "ExecutedVersion": result.executed_version,
            "Payload": _json_or_text(result.payload),
        }
        if result.function_error is not None:
            response["FunctionError"] = result.function_error
        return response

    def _invoke_lambda_function(parameters: dict[str, Any], region: str, state_credentials: object) -> dict[str, Any]:
        return invoke(parameters, region=region, state_credentials=state_credentials)

    with replaced(lambda_eval_utils, "_invoke_lambda_function", _invoke_lambda_function):
        yield


@contextmanager
def lambda_error_names() -> Iterator[None]:
    """Name the errors of Lambda tasks as AWS does."""
    upstream = StateTaskLambda._from_error  # noqa: SLF001 - the seam that upstream has

    def _from_error(self: StateTaskLambda, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            error, cause = StateTaskServiceLambda._error_cause_from_client_error(ex)  # noqa: SLF001
        elif isinstance(ex, lambda_eval_utils.LambdaFunctionErrorException) and _error_type(ex.payload) is None:
            error, cause = "Lambda.Unknown", ex.payload
        elif isinstance(ex, TimeoutError | FailureEventException | lambda_eval_utils.LambdaFunctionErrorException):
            return upstream(self, env, ex)
        else:  # of what the function is to be given, before it is called
            return super(StateTaskLambda, self)._from_error(env, ex)
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=HistoryEventType.LambdaFunctionFailed,
            event_details=EventDetails(
                lambdaFunctionFailedEventDetails=LambdaFunctionFailedEventDetails(error=error, cause=cause)
            ),
        )

    with replaced(StateTaskLambda, "_from_error", _from_error):
        yield


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _error_type(payload: str) -> str | None:
    content = json.loads(payload)
    kind = content.get("errorType") if isinstance(content, dict) else None
    return kind if isinstance(kind, str) else None
