"""Tasks that call AWS services use the names that Step Functions uses.

Upstream defects: the engine hands a task's parameters to boto3 as they are, but Step Functions spells them in Pascal
case (``TaskToken``) where the API may not (``taskToken``); results keep the API's spelling and Python's times; and an
error of an ``aws-sdk`` task lacks the service's name as Step Functions writes it, and its cause the number of attempts.
"""

# ruff: noqa: SLF001 - upstream's own seams

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.context_times import aws_time

_SERVICE_NAMES = {
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "secretsmanager": "SecretsManager",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}
_BOTO_NAMES = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}

_LOADER = Loader()
_MODELS: dict[str, ServiceModel] = {}


def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, loaded once."""
    if service not in _MODELS:
        _MODELS[service] = ServiceModel(_LOADER.load_service_model(service, "service-2"), service)
    return _MODELS[service]


def to_request(value: Any, shape: Shape | None) -> Any:
    """Spell a task's parameter as the API does, according to its shape in botocore's model."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        spelt = {str(name).lower(): str(name) for name in shape.members}
        named = {spelt.get(str(key).lower(), str(key)): item for key, item in value.items()}
        return {name: to_request(item, shape.members.get(name)) for name, item in named.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_request(item, shape.value) for key, item in value.items()}
    kind = shape.type_name if shape is not None else None
    if kind not in {"string", "blob"} or isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else to_json_str(value, separators=(",", ":"))
    return text.encode() if kind == "blob" else text


def from_response(value: Any, shape: Shape | None) -> Any:
    """Spell an API's result as Step Functions does: names in Pascal case, times and bodies as text."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {key[:1].upper() + key[1:]: from_response(item, shape.members.get(key)) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_response(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_response(item, shape.value) for key, item in value.items()}
    return _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return aws_time(value)
    content = value.read() if isinstance(value, StreamingBody) else value
    return content.decode(errors="replace") if isinstance(content, bytes) else content


@contextmanager
def service_task_names() -> Iterator[None]:
    """Translate parameters and results of tasks, and the names of their errors."""
    sdk_failure_event = StateTaskServiceAwsSdk._get_task_failure_event

    def failure_event(self: Any, env: Any, error: str, cause: str) -> Any:
        return sdk_failure_event(self, env, error, f"{cause} (SDK Attempt Count: 1)")

    sdk_methods = {
        "_get_task_failure_event": failure_event,
        "_get_boto_service_name": _get_boto_service_name,
        "_normalise_service_error_name": staticmethod(_normalise_service_error_name),
        "_normalise_exception_name": staticmethod(_normalise_exception_name),
    }
    with ExitStack() as patches:
        patches.enter_context(replaced(StateTaskService, "_normalise_parameters", _normalise_parameters))
        patches.enter_context(replaced(StateTaskService, "_normalise_response", _normalise_response))
        for name, method in sdk_methods.items():
            patches.enter_context(replaced(StateTaskServiceAwsSdk, name, method))
        yield


def _operation(task: Any, service: str | None, action: str | None) -> OperationModel | None:
    model = service_model(task._get_boto_service_name(service))
    name = action or task.resource.api_action
    spelt = {operation.lower(): operation for operation in model.operation_names}.get(name.replace("_", "").lower())
    return model.operation_model(spelt) if spelt is not None else None


def _normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None:
        request = to_request(parameters, operation.input_shape)
        parameters.clear()
        parameters.update(request)


def _normalise_response(
    self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    operation = _operation(self, boto_service_name, service_action_name)
    if operation is not None and isinstance(response, dict):
        result = from_response(response, operation.output_shape)
        response.clear()
        response.update(result)


def _get_boto_service_name(self: Any, boto_service_name: str | None = None) -> str:
    name = boto_service_name or self.resource.api_name
    return _BOTO_NAMES.get(name.lower(), str(name))


def _normalise_service_error_name(service_name: str) -> str:
    return _SERVICE_NAMES.get(service_name.lower(), service_name[:1].upper() + service_name[1:])


def _normalise_exception_name(norm_service_name: str, ex: ClientError) -> str:
    is_modelled = type(ex) is not ClientError
    name = type(ex).__name__ if is_modelled else ex.response["Error"]["Code"].rpartition(".")[2]
    return f"{norm_service_name}.{name.removesuffix('Exception')}Exception"
