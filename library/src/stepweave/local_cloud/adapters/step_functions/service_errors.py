"""What fails in a task of a service has the name and the cause that AWS gives it.

Upstream defects: an error that the service's API does not list is named after its code, where AWS names it after the
service (``DynamoDb.DynamoDbException``); all that SQS refuses is called ``SQS.SdkClientException``; other services have
no names at all; a cause lacks the number of attempts; and an answer without an id ends the execution with a `KeyError`,
which no ``Catch`` sees.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (
    StateTaskServiceDynamoDB,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    SfnFailedEntryCountException,
    StateTaskServiceEvents,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sns import (
    StateTaskServiceSns,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sqs import (
    StateTaskServiceSqs,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.sdk_services import error_prefix, listed_errors


@dataclass(frozen=True)
class _First:
    """How an integration that uses the first SDK for Java speaks of a service.

    Parameters
    ----------
    prefix
        What the names of its errors begin with.
    other
        The error that its API does not list.
    label
        The service's name in causes.
    """

    prefix: str
    other: str
    label: str


_FIRST: Final[dict[str, _First]] = {
    "dynamodb": _First("DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2"),
    "lambda": _First("Lambda", "AWSLambdaException", "AWSLambda"),
    "sns": _First("SNS", "AmazonSNSException", "AmazonSNS"),
    "sqs": _First("SQS", "AmazonSQSException", "AmazonSQS"),
    "stepfunctions": _First("StepFunctions", "AWSStepFunctionsException", "AWSStepFunctions"),
}
"""By botocore's names; all others use the second."""

_ANSWERED_WITHOUT_BODY: Final = {"HeadBucket": "NoSuchBucket", "HeadObject": "NoSuchKey"}
"""What it means that an action whose answers have no body fails."""


@contextmanager
def service_errors() -> Iterator[None]:
    """Name the errors of services."""
    callback = StateTaskServiceCallback._from_error
    with ExitStack() as patches:
        patches.enter_context(replaced(StateTaskServiceCallback, "_from_error", _named(callback)))
        for task in (StateTaskServiceAwsSdk, StateTaskServiceSfn, StateTaskServiceSns, StateTaskServiceSqs):
            patches.enter_context(replaced(task, "_from_error", _named(callback)))
        patches.enter_context(replaced(StateTaskServiceDynamoDB, "_from_error", _named(StateTaskService._from_error)))
        patches.enter_context(replaced(StateTaskServiceEvents, "_from_error", _of_events(callback)))
        yield


def lambda_error(error: ClientError) -> tuple[str, str]:
    """Return the name and the cause of what Lambda refuses."""
    return name_and_cause(error, "lambda", is_optimised=True)


def name_and_cause(error: ClientError, service: str, *, is_optimised: bool) -> tuple[str, str]:
    """Return the name and the cause of an error, as Step Functions spells them.

    Parameters
    ----------
    error
        What the service answered.
    service
        Its name in botocore.
    is_optimised
        Whether the integration is one of those that AWS optimised, or an ``aws-sdk`` one.
    """
    about, answer = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, message = str(about.get("Code", "Unknown")), about.get("Message", "")
    status, request = answer.get("HTTPStatusCode", 500), answer.get("RequestId") or uuid.uuid4()
    listed = listed_errors(service).get(code) if type(error) is ClientError else type(error).__name__
    if listed is None and error.operation_name in _ANSWERED_WITHOUT_BODY:
        listed, message = _ANSWERED_WITHOUT_BODY[error.operation_name], "null"
    if is_optimised and (first := _FIRST.get(service)) is not None:
        name = first.other if listed is None else f"{listed.removesuffix('Exception')}Exception"
        details = (
            f"Service: {first.label}; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null"
        )
        return f"{first.prefix}.{name}", f"{message} ({details})"
    prefix = error_prefix(service)
    name = prefix if listed is None else listed.removesuffix("Exception").removesuffix("Fault")
    details = f"Service: {prefix}, Status Code: {status}, Request ID: {request}"
    if host := answer.get("HostId") or (service == "s3" and uuid.uuid4().hex):
        details += f", Extended Request ID: {host}"
    return f"{prefix}.{name}Exception", f"{message} ({details}) (SDK Attempt Count: 1)"


def _named(upstream: Any) -> Any:
    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        service, is_optimised = self._get_boto_service_name(), not isinstance(self, StateTaskServiceAwsSdk)
        if isinstance(ex, ClientError):
            return failure_event(self, env, *name_and_cause(ex, service, is_optimised=is_optimised))
        if isinstance(ex, BotoCoreError):
            first = _FIRST.get(service) if is_optimised else None
            prefix = error_prefix(service) if first is None else first.prefix
            return failure_event(self, env, f"{prefix}.SdkClientException", str(ex))
        failure: FailureEvent = upstream(self, env, ex)
        return failure

    return from_error


def _of_events(callback: Any) -> Any:
    named = _named(callback)

    def from_error(self: Any, env: Any, ex: Exception) -> FailureEvent:
        if isinstance(ex, SfnFailedEntryCountException):
            answer = {name: (ex.cause or {}).get(name) for name in ("Entries", "FailedEntryCount")}
            return failure_event(self, env, "EventBridge.FailedEntry", json.dumps(answer, separators=(",", ":")))
        failure: FailureEvent = named(self, env, ex)
        return failure

    return from_error


def failure_event(task: Any, env: Any, error: str, cause: str) -> FailureEvent:
    """Return the failure of upstream's ``task`` in its environment."""
    details = TaskFailedEventDetails(
        error=error, cause=cause, resource=task._get_sfn_resource(), resourceType=task._get_sfn_resource_type()
    )
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )
