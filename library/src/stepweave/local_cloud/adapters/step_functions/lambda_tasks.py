"""Tasks that call a Lambda function call it in this process, and fail with the names that AWS gives.

Upstream defects: the engine calls ``lambda:Invoke`` over HTTP, which costs about 8 ms a task; where Lambda refuses a
call (throttled, no such function), or the input cannot be made, a task whose resource is the function itself fails with
``Exception``, which no retrier of a real state machine names, and its causes are not what the function wrote; a payload
that is null becomes ``{}``; and ``InvocationType`` is dropped.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, cast

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
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.engine_clients import STATES
from stepweave.local_cloud.adapters.step_functions.http_metadata import http_metadata
from stepweave.local_cloud.adapters.step_functions.service_errors import failure_event, lambda_error
from stepweave.local_cloud.adapters.step_functions.task_time_limits import current_caller
from stepweave.local_cloud.lambda_runtime.caller import Caller
from stepweave.local_cloud.lambda_runtime.invocation import InvocationRefused, InvocationResult
from stepweave.local_cloud.permissions.actions.compute import function_arn
from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import check, denial
from stepweave.local_cloud.permissions.callers import service_session
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


class EventCaller(FunctionCaller, Protocol):
    """What calls functions in every way that ``lambda:Invoke`` has."""

    def queue_event(
        self, function: str, payload: bytes, *, qualifier: str | None = None, trace_header: str | None = None
    ) -> str:
        """Queue an asynchronous event for a function, and return the id of the request."""

    def check_invocable(self, function: str, *, qualifier: str | None = None) -> None:
        """Refuse as a call would that cannot be made."""


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

    def execute(env: Any, parameters: dict[str, Any], region: str, state_credentials: Any) -> None:
        try:
            _check_permission(parameters, region, state_credentials.role_arn)
            response = _invoke(caller, parameters)
        except InvocationRefused as refused:
            raise client_error(refused) from refused
        env.stack.append(response)

    with (
        replaced(lambda_eval_utils, "execute_lambda_function_integration", execute),
        replaced(lambda_eval_utils, "to_payload_type", _payload),
    ):
        yield


def _invoke(caller: FunctionCaller, parameters: dict[str, Any]) -> dict[str, Any]:
    function, payload = parameters["FunctionName"], parameters.get("Payload", b"{}")
    qualifier = parameters.get("Qualifier")
    trace_header = None if (header := current_trace_header()) is None else str(header)
    if parameters.get("InvocationType") == "Event":
        request_id = cast("EventCaller", caller).queue_event(
            function, payload, qualifier=qualifier, trace_header=trace_header
        )
        return _response({"Payload": "", "StatusCode": 202}, b"", request_id)
    if parameters.get("InvocationType") == "DryRun":
        cast("EventCaller", caller).check_invocable(function, qualifier=qualifier)
        return _response({"Payload": "", "StatusCode": 204}, b"", None)
    result = caller.invoke_function(
        function,
        payload,
        qualifier=qualifier,
        client_context=parameters.get("ClientContext"),
        trace_header=trace_header,
        caller=current_caller(),
    )
    if result.function_error is not None:
        raise lambda_eval_utils.LambdaFunctionErrorException(
            result.function_error, result.payload.decode(errors="replace")
        )
    answer = {"ExecutedVersion": result.executed_version, "Payload": _json_or_text(result.payload), "StatusCode": 200}
    if parameters.get("LogType") == "Tail":
        answer["LogResult"] = result.log_result
    return _response(answer, result.payload, result.request_id)


def _response(answer: dict[str, Any], payload: bytes, request_id: str | None) -> dict[str, Any]:
    headers = {"x-amzn-Remapped-Content-Length": "0", "X-Amzn-Trace-Id": str(current_trace_header() or "")}
    for name, member in (("X-Amz-Executed-Version", "ExecutedVersion"), ("X-Amz-Log-Result", "LogResult")):
        if member in answer:
            headers[name] = answer[member]
    about = {"RequestId": request_id, "HTTPStatusCode": answer["StatusCode"]}
    return {**answer, **http_metadata("lambda", len(payload), about, headers)}


def _payload(value: Any) -> bytes:
    """Return what a function is given: text that is JSON as it is, and all else as JSON."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            json.loads(value)
            return value.encode()
    return str(to_json_str(value)).encode()


@contextmanager
def lambda_error_names() -> Iterator[None]:
    """Name the errors of Lambda tasks as AWS does."""
    of_resource, of_service = StateTaskLambda._from_error, StateTaskServiceLambda._from_error

    def from_error_of_resource(self: StateTaskLambda, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, ClientError):
            error, cause = lambda_error(ex)
        elif isinstance(ex, lambda_eval_utils.LambdaFunctionErrorException):
            error, cause = _error_type(ex.payload), ex.payload
        elif isinstance(ex, TimeoutError | FailureEventException):
            return of_resource(self, env, ex)
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

    def from_error_of_service(self: StateTaskServiceLambda, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, lambda_eval_utils.LambdaFunctionErrorException):
            return failure_event(self, env, _error_type(ex.payload), _compact(ex.payload))
        if isinstance(ex, ClientError):
            return failure_event(self, env, *lambda_error(ex))
        return of_service(self, env, ex)

    with (
        replaced(StateTaskLambda, "_from_error", from_error_of_resource),
        replaced(StateTaskServiceLambda, "_from_error", from_error_of_service),
    ):
        yield


def _check_permission(parameters: dict[str, Any], region: str, role_arn: str) -> None:
    """Raise `InvocationRefused` unless a task's role may call the function."""
    arn = function_arn(parameters["FunctionName"], parameters.get("Qualifier"), region)
    caller, action = service_session(role_arn, STATES), "lambda:InvokeFunction"
    decision = check(caller, Access(action, arn))
    if not decision.is_allowed:
        message = denial(caller.arn, action, arn, decision.reason)
        raise InvocationRefused("AccessDeniedException", message, 403)


def _json_or_text(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _compact(payload: str) -> str:
    """Write an error as ``lambda:invoke`` does; a function that is the resource itself hands it on as it is."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return payload


def _error_type(payload: str) -> str:
    try:
        content = json.loads(payload)
    except ValueError:
        content = None
    kind = content.get("errorType") if isinstance(content, dict) else None
    return kind if isinstance(kind, str) else "Lambda.Unknown"
