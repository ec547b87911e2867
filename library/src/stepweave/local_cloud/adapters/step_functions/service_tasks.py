"""Tasks that call AWS services use the names that Step Functions uses.

Upstream defects: the engine hands a task's parameters to boto3 as they are, but Step Functions spells them in Pascal
case (``TaskToken``) where the API may not (``taskToken``), knows services by the names of the SDK for Java, and leaves
out what is null; results keep the API's spelling and Python's times; and those of the integrations that AWS optimised
lack what they say of the HTTP answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_dynamodb,
    state_task_service_sfn,
    state_task_service_sns,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (
    StateTaskServiceDynamoDB,
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
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.step_functions.api_constraints import detected, missing_member
from stepweave.local_cloud.adapters.step_functions.context_times import aws_time
from stepweave.local_cloud.adapters.step_functions.http_metadata import http_metadata
from stepweave.local_cloud.adapters.step_functions.sdk_services import boto_name, operation_of

_OPTIMISED_NAMES: Final = {"states": "stepfunctions"}
_CALLS: Final = (
    (StateTaskServiceAwsSdk, state_task_service_aws_sdk),
    (StateTaskServiceDynamoDB, state_task_service_dynamodb),
    (StateTaskServiceSfn, state_task_service_sfn),
    (StateTaskServiceSns, state_task_service_sns),
    (StateTaskServiceSqs, state_task_service_sqs),
)
"""The tasks that call a service as it is, each with the module that gives them clients."""

_BODY_TYPE: Final = "text/plain; charset=UTF-8"  # of a text, as the SDK for Java says
_JAVA_WORDS: Final = {"Null": "Nul"}  # the members that would be words of Java's


def to_request(value: Any, shape: Shape | None) -> Any:
    """Spell a task's parameter as the API does, according to its shape in botocore's model; without what is null."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        spelt = {str(name).lower(): str(name) for name in shape.members}
        spelt |= {_java_name(name).lower(): str(name) for name in shape.members}
        named = {spelt.get(str(key).lower(), str(key)): item for key, item in value.items() if item is not None}
        return {name: to_request(item, shape.members.get(name)) for name, item in named.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_request(item, shape.value) for key, item in value.items()}
    kind = shape.type_name if shape is not None else None
    if kind == "string" and not isinstance(value, str):
        return to_json_str(value, separators=(",", ":"))
    if kind == "blob" and not isinstance(value, bytes):  # also of a string: AWS stores its quotation marks
        return to_json_str(value, separators=(",", ":")).encode()
    return value


def from_response(value: Any, shape: Shape | None, *, is_optimised: bool = False) -> Any:
    """Spell an API's result as Step Functions does: names in Pascal case, bodies as text.

    Parameters
    ----------
    value
        What botocore gave.
    shape
        Its shape in botocore's model.
    is_optimised
        Whether the integration is one of those that AWS optimised, where a time is a number of milliseconds; in
        ``aws-sdk`` ones it is text, and names are those of the SDK for Java.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            (name[:1].upper() + name[1:] if is_optimised else _java_name(name)): from_response(
                item, shape.members.get(name), is_optimised=is_optimised
            )
            for name, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_response(item, shape.member, is_optimised=is_optimised) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_response(item, shape.value, is_optimised=is_optimised) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000) if is_optimised else aws_time(value)
    content = value.read() if isinstance(value, StreamingBody) else value
    return content.decode(errors="replace") if isinstance(content, bytes) else content


def _java_name(name: str) -> str:
    """Return a member's name as the SDK for Java has it, with a capital: ``DbInstances`` for ``DBInstances``."""
    end = 1
    while end < len(name) and name[end].isupper() and not name[end + 1 : end + 2].islower():
        end += 1
    spelt = name[:1].upper() + name[1:end].lower() + name[end:]
    return _JAVA_WORDS.get(spelt, spelt)


@contextmanager
def service_task_names() -> Iterator[None]:
    """Translate parameters and results of tasks."""
    with ExitStack() as patches:
        for owner, name, method in (
            (StateTaskService, "_normalise_parameters", _normalise_parameters),
            (StateTaskService, "_normalise_response", _normalise_response),
            (StateTaskService, "_get_boto_service_name", _get_boto_service_name),
            (StateTaskServiceSqs, "_normalise_response", _normalise_response),
            *((task, "_eval_service_task", _calling(module)) for task, module in _CALLS),
        ):
            patches.enter_context(replaced(owner, name, method))
        yield


def operation_of_task(task: Any, service: str | None = None, action: str | None = None) -> OperationModel | None:
    """Return the model of what a task calls, or of another action or service that upstream names; None if none has."""
    return operation_of(_get_boto_service_name(task, service), action or task.resource.api_action)


def _normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    operation = operation_of_task(self, boto_service_name, service_action_name)
    if operation is not None:
        request = to_request(parameters, operation.input_shape)
        body_type = "ContentType" in getattr(operation.input_shape, "members", {})
        if body_type and operation.has_streaming_input:
            request.setdefault("ContentType", _BODY_TYPE)
        parameters.clear()
        parameters.update(request)


def _normalise_response(
    self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    operation = operation_of_task(self, boto_service_name, service_action_name)
    if operation is not None and isinstance(response, dict):
        is_optimised = not isinstance(self, StateTaskServiceAwsSdk)
        result = from_response(response, operation.output_shape, is_optimised=is_optimised)
        response.clear()
        response.update(result)


def _get_boto_service_name(self: Any, boto_service_name: str | None = None) -> str:
    name = str(boto_service_name or self.resource.api_name)
    return _OPTIMISED_NAMES.get(name) or boto_name(name) or name


def _calling(module: Any) -> Callable[..., None]:
    """Return what calls the service of a task; ``module`` is upstream's, which gives it a client."""

    def eval_service_task(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        operation = operation_of_task(self)
        _check_required(operation, normalised_parameters)
        _check_host(normalised_parameters.get("QueueUrl"))
        client = module.boto_client_for(
            service=self._get_boto_service_name(),
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        about = response.pop("ResponseMetadata", {})
        if not isinstance(self, StateTaskServiceAwsSdk):
            response.update(http_metadata(self.resource.service_name, response, about))
        env.stack.append(response)

    return eval_service_task


class UnknownHostError(BotoCoreError):
    """The URL of a queue names a host that nobody knows."""

    fmt = "Unable to execute HTTP request: {host}: Name or service not known"


def _check_host(queue_url: object) -> None:
    """Fail for a URL that has a host and names no queue; here all others lead to the local cloud."""
    url = urlsplit(queue_url) if isinstance(queue_url, str) else None
    if url is not None and url.hostname and not url.path.strip("/"):
        raise UnknownHostError(host=url.hostname)


def _check_required(operation: OperationModel | None, parameters: dict[str, Any]) -> None:
    """Fail as the service would if a parameter is missing that it requires; botocore does not look, nor does moto."""
    if operation is None or operation.input_shape is None:
        return
    missing = [str(name) for name in operation.input_shape.required_members if name not in parameters]
    if not missing:
        return
    if operation.service_model.service_name == "sqs":
        code, message = "MissingParameter", f"The request must contain the parameter {missing[0]}."
    else:
        code = "ValidationException"
        message = detected([missing_member(f"{name[:1].lower()}{name[1:]}") for name in missing])
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    raise ClientError(answer, operation.name)
