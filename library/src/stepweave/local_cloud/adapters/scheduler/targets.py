"""What EventBridge Scheduler invokes: templated targets and, by the AWS API, any other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import OperationModel
from moto.scheduler.exceptions import ValidationException

from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.adapters.step_functions.sdk_services import service_model
from stepweave.local_cloud.adapters.step_functions.service_tasks import to_request
from stepweave.local_cloud.events.delivery import Clients, Delivery, delivery_error
from stepweave.local_cloud.events.delivery_error import DeliveryError
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.target import Target
from stepweave.local_cloud.permissions.actions.table import Access
from stepweave.local_cloud.permissions.authority import check
from stepweave.local_cloud.permissions.callers import RoleSession, ServiceCaller, acting_as, service_session
from stepweave.local_cloud.schedules.payload import Invocation

_UNIVERSAL: Final = re.compile(r"arn:aws:scheduler:::aws-sdk:([A-Za-z0-9\-]+):([A-Za-z0-9]+)")
_BOTO_NAMES: Final = {"cloudwatchlogs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
_TEMPLATED: Final = {
    "lambda": re.compile(r"function:.+"),
    "states": re.compile(r"stateMachine:.+"),
    "sqs": re.compile(r"[\w.-]+"),
    "sns": re.compile(r"[\w.-]+"),
    "events": re.compile(r"event-bus/.+"),
}
_JSON: Final = frozenset({"lambda", "states", "events"})
_ONLY_READS: Final = (
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "read",
    "lookup",
    "discover",
    "validate",
    "batchGet",
    "batchDescribe",
    "batchRead",
    "transactGet",
    "retrieve",
)


def check_target(target: Mapping[str, Any]) -> None:
    """Refuse a target that AWS or the local cloud cannot invoke.

    Raises
    ------
    ValidationException
        If AWS would refuse it.
    UnsupportedError
        If the local cloud cannot invoke it.
    """
    arn, text = str(target.get("Arn", "")), target.get("Input")
    if universal := _UNIVERSAL.fullmatch(arn):
        if universal[2].startswith(_ONLY_READS) or _operation(*universal.groups()) is None:
            raise ValidationException(f"Provided target {arn} is not a supported API.")
        if not isinstance(_json(text or "{}"), dict):
            raise ValidationException(f"The Input of {arn} must be a JSON object.")
        return
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise ValidationException("Provided Arn is not in correct format.")
    service = parts[2]
    if service not in _TEMPLATED or not _TEMPLATED[service].fullmatch(parts[5]):
        raise UnsupportedError(f"a schedule that invokes {arn}")
    if service in _JSON and text is not None and _json(text) is _NO_JSON:
        raise ValidationException(f"The Input of {arn} must be well-formed JSON.")
    if service == "events" and not target.get("EventBridgeParameters"):
        raise ValidationException("EventBridgeParameters must be provided for an EventBridge target.")
    is_fifo = service == "sqs" and arn.endswith(".fifo")
    if is_fifo and not (target.get("SqsParameters") or {}).get("MessageGroupId"):
        raise ValidationException("MessageGroupId must be provided for a FIFO queue.")


class ScheduleTargets:
    """Invokes targets.

    Parameters
    ----------
    clients
        What the targets' services are called with.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._delivery = Delivery(clients)

    def invoke(self, target: Mapping[str, Any], invocation: Invocation, text: str) -> None:
        """Hand ``text`` to a target.

        Raises
        ------
        DeliveryError
            If it does not take it.
        """
        with acting_as(_role(target, invocation.schedule_arn)):
            self._invoke(target, invocation, text)

    def _invoke(self, target: Mapping[str, Any], invocation: Invocation, text: str) -> None:
        arn = str(target["Arn"])
        region, account = invocation.schedule_arn.split(":")[3:5]
        try:
            if universal := _UNIVERSAL.fullmatch(arn):
                self._call(region, universal[1], universal[2], text)
            elif ":event-bus/" in arn:
                self._put_event(target, text)
            else:
                event = Event("aws.scheduler", "Scheduled Event", {}, account, region, at=invocation.at.timestamp())
                self._delivery.deliver(Target.of_settings(target), text, event)
        except ClientError as error:
            raise delivery_error(error) from error

    def send_dead_letter(self, target: Mapping[str, Any], schedule_arn: str, body: str, given: dict[str, str]) -> None:
        """Send what could not be delivered to a target's queue. Raises `botocore.exceptions.ClientError`."""
        with acting_as(service_session(target["RoleArn"], schedule_arn)):
            self._delivery.send_dead_letter(target["DeadLetterConfig"]["Arn"], body, given)

    def _call(self, region: str, service: str, action: str, text: str) -> None:
        operation = _operation(service, action)
        if operation is None:
            raise DeliveryError("NOT_SUPPORTED", f"{service} has no {action}", is_retriable=False)
        request = to_request(_json(text), operation.input_shape)
        self._clients.client(region, _boto_name(service))._make_api_call(operation.name, request)  # noqa: SLF001

    def _put_event(self, target: Mapping[str, Any], text: str) -> None:
        arn, parameters = str(target["Arn"]), target["EventBridgeParameters"]
        entry = {
            "EventBusName": arn,
            "Source": parameters["Source"],
            "DetailType": parameters["DetailType"],
            "Detail": text,
        }
        answer = self._clients.client(arn.split(":")[3], "events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            problem = answer["Entries"][0]
            raise DeliveryError(problem["ErrorCode"], problem["ErrorMessage"], is_retriable=False)


class _NoJson:
    """Stands for a text that is not JSON."""


_NO_JSON: Final = _NoJson()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _NO_JSON


def _boto_name(service: str) -> str:
    return _BOTO_NAMES.get(service.lower(), service.lower())


def _operation(service: str, action: str) -> OperationModel | None:
    if _boto_name(service) not in Loader().list_available_services("service-2"):
        return None
    model = service_model(_boto_name(service))
    name = action[:1].upper() + action[1:]
    return model.operation_model(name) if name in model.operation_names else None


def _role(target: Mapping[str, Any], schedule_arn: str) -> RoleSession:
    """Return the session of a target's role, in whose name it is invoked."""
    role = str(target["RoleArn"])
    scheduler = ServiceCaller("scheduler.amazonaws.com", schedule_arn, schedule_arn.split(":")[4])
    if not check(scheduler, Access("sts:AssumeRole", role)).is_allowed:
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        raise DeliveryError("NO_PERMISSIONS", message, is_retriable=False)
    return service_session(role, schedule_arn)
