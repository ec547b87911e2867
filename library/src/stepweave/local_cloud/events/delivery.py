"""Hands events to the services that rules name as targets."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from stepweave.local_cloud.events.delivery_error import DeliveryError
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.target import Target

_THROTTLING: Final = frozenset({"ThrottlingException", "TooManyRequestsException", "RequestThrottled", "Throttling"})
_NO_RESOURCE: Final = (
    "ResourceNotFoundException",
    "NonExistentQueue",
    "QueueDoesNotExist",
    "StateMachineDoesNotExist",
    "NotFound",
)


class Clients(Protocol):
    """Makes botocore clients."""

    def client(self, region: str, service: str) -> Any:
        """Return the client of a service, named as boto3 does, in a region."""


class Delivery:
    """Delivers to queues, functions, state machines, log groups and topics, through the API of each.

    Parameters
    ----------
    clients
        What the services are called with.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._services: Final[dict[str, Callable[[Target, str, Event], None]]] = {
            "lambda": self._invoke_function,
            "logs": self._write_log,
            "sns": self._publish,
            "sqs": self._send_message,
            "states": self._start_execution,
        }

    def deliver(self, target: Target, text: str, event: Event) -> None:
        """Hand `text`, which was made of `event`, to a target.

        Raises
        ------
        DeliveryError
            If the target does not take it.
        """
        deliver = self._services.get(_service(target.arn))
        if deliver is None:
            message = f"the local cloud cannot deliver events to {target.arn}"
            raise DeliveryError("NOT_SUPPORTED", message, is_retriable=False)
        try:
            deliver(target, text, event)
        except ClientError as error:
            raise delivery_error(error) from error

    def send_dead_letter(self, queue_arn: str, body: str, attributes: dict[str, str]) -> None:
        """Send what could not be delivered to a queue. Raises `botocore.exceptions.ClientError`."""
        self._clients.client(_region(queue_arn), "sqs").send_message(
            QueueUrl=queue_url(queue_arn),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )

    def _send_message(self, target: Target, text: str, event: Event) -> None:
        options = {}
        if target.arn.endswith(".fifo"):
            options = {"MessageGroupId": target.message_group_id or event.id, "MessageDeduplicationId": event.id}
        self._clients.client(_region(target.arn), "sqs").send_message(
            QueueUrl=queue_url(target.arn), MessageBody=text, **options
        )

    def _invoke_function(self, target: Target, text: str, _event: Event) -> None:
        self._clients.client(_region(target.arn), "lambda").invoke(
            FunctionName=target.arn, InvocationType="Event", Payload=text.encode()
        )

    def _start_execution(self, target: Target, text: str, event: Event) -> None:
        # As EventBridge names them: by the event, and by what tells apart the rules that it matches.
        name = f"{event.id}_{uuid.uuid4()}"
        self._clients.client(_region(target.arn), "stepfunctions").start_execution(
            stateMachineArn=target.arn, name=name, input=text
        )

    def _publish(self, target: Target, text: str, _event: Event) -> None:
        self._clients.client(_region(target.arn), "sns").publish(TopicArn=target.arn, Message=text)

    def _write_log(self, target: Target, text: str, event: Event) -> None:
        logs = self._clients.client(_region(target.arn), "logs")
        group = target.arn.split(":", 6)[6].removesuffix(":*")
        logs.create_log_stream(logGroupName=group, logStreamName=event.id)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=event.id,
            # Not the event's own time: a log takes nothing that is older than two weeks.
            logEvents=[{"timestamp": int(time.time() * 1000), "message": text}],
        )


def queue_url(arn: str) -> str:
    """The URL of a queue, by its ARN; only its path matters here."""
    account, name = arn.split(":")[4:6]
    return f"http://localhost/{account}/{name}"


def _service(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def _region(arn: str) -> str:
    return arn.split(":")[3]


def delivery_error(error: ClientError) -> DeliveryError:
    """What a service's answer means for a delivery."""
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _THROTTLING or status == 429:
        return DeliveryError("THROTTLING", message, is_retriable=True)
    if status >= 500:
        return DeliveryError("INTERNAL_ERROR", message, is_retriable=True)
    if code.endswith(_NO_RESOURCE):
        return DeliveryError("NO_RESOURCE", message, is_retriable=False)
    if "AccessDenied" in code or code == "AuthorizationError":
        return DeliveryError("NO_PERMISSIONS", message, is_retriable=False)
    return DeliveryError("SDK_CLIENT_ERROR", message, is_retriable=False)
