"""Carries a batch of a pipe's events through its enrichment to its target."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from stepweave.local_cloud.events.delivery import Clients, Delivery, queue_url
from stepweave.local_cloud.events.delivery_error import DeliveryError
from stepweave.local_cloud.events.event import Event
from stepweave.local_cloud.events.target import Target
from stepweave.local_cloud.pipes.pipe import Pipe, as_text

ENRICHMENTS: Final = ("lambda", "states")
TARGETS: Final = ("lambda", "states", "sqs", "sns", "events", "logs")
_BATCHES: Final = frozenset({"lambda", "states"})  # that get a batch as one list
_WAIT: Final = "REQUEST_RESPONSE"


class TransferError(Exception):
    """A batch did not get through; it is read again."""


class Transfer:
    """Carries batches.

    Parameters
    ----------
    clients
        What the services are called with.
    now
        Tells the time.
    """

    def __init__(self, clients: Clients, now: Callable[[], datetime]) -> None:
        self._clients = clients
        self._now = now
        self._delivery = Delivery(clients)

    def carry(self, pipe: Pipe, events: list[Any]) -> None:
        """Carry a batch.

        Raises
        ------
        TransferError
            If the enrichment or the target did not take it.
        """
        try:
            for made in self._enriched(pipe, events):
                self._deliver(pipe, made)
        except (ClientError, DeliveryError) as error:
            raise TransferError(str(error)) from error

    def _enriched(self, pipe: Pipe, events: list[Any]) -> list[Any]:
        if pipe.enrichment is None:
            return [events]
        template = pipe.enrichment_parameters.get("InputTemplate")
        given = [pipe.filled(template, event, self._now()) for event in events]
        answer = self._call(pipe.enrichment, given)
        if answer in (None, "", [], {}):
            return []  # nothing is left of the batch
        return [answer if isinstance(answer, list) else [answer]]

    def _deliver(self, pipe: Pipe, events: list[Any]) -> None:
        parameters = pipe.target_parameters
        values = [pipe.filled(parameters.get("InputTemplate"), event, self._now()) for event in events]
        service = pipe.target.split(":")[2]
        if service not in _BATCHES:
            for value in values:
                self._deliver_one(service, pipe, value)
            return
        key = "LambdaFunctionParameters" if service == "lambda" else "StepFunctionStateMachineParameters"
        default = _WAIT if service == "lambda" else "FIRE_AND_FORGET"
        if (parameters.get(key) or {}).get("InvocationType", default) == _WAIT:
            self._call(pipe.target, values)
        else:
            self._hand_over(pipe, as_text(values))

    def _deliver_one(self, service: str, pipe: Pipe, value: Any) -> None:
        region = pipe.target.split(":")[3]
        match service:
            case "events":
                parameters = pipe.target_parameters.get("EventBridgeEventBusParameters") or {}
                self._put_event(pipe, parameters, as_text(value))
            case "sqs":
                parameters = pipe.target_parameters.get("SqsQueueParameters") or {}
                options = {
                    name: parameters[name]
                    for name in ("MessageGroupId", "MessageDeduplicationId")
                    if name in parameters
                }
                self._clients.client(region, "sqs").send_message(
                    QueueUrl=queue_url(pipe.target), MessageBody=as_text(value), **options
                )
            case _:
                self._hand_over(pipe, as_text(value))

    def _hand_over(self, pipe: Pipe, text: str) -> None:
        region, account = pipe.arn.split(":")[3:5]
        self._delivery.deliver(Target(pipe.target), text, Event(f"Pipe {pipe.name}", "", {}, account, region))

    def _put_event(self, pipe: Pipe, parameters: Mapping[str, Any], text: str) -> None:
        entry = {
            "EventBusName": pipe.target,
            "Source": parameters.get("Source") or f"Pipe {pipe.name}",
            "DetailType": parameters.get("DetailType") or f"Event from aws:{pipe.source.split(':')[2]}",
            "Detail": text,
            "Resources": list(parameters.get("Resources") or ()),
        }
        answer = self._clients.client(pipe.target.split(":")[3], "events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise TransferError(answer["Entries"][0]["ErrorMessage"])

    def _call(self, arn: str, value: Any) -> Any:
        """Call a function or an express workflow, and return what it answers."""
        region = arn.split(":")[3]
        if arn.split(":")[2] == "lambda":
            answer = self._clients.client(region, "lambda").invoke(FunctionName=arn, Payload=as_text(value).encode())
            text = answer["Payload"].read().decode()
            if answer.get("FunctionError"):
                raise TransferError(text)
            return json.loads(text or "null")
        run = self._clients.client(region, "stepfunctions").start_sync_execution(
            stateMachineArn=arn, name=str(uuid.uuid4()), input=as_text(value)
        )
        if run["status"] != "SUCCEEDED":
            raise TransferError(f"{run.get('error')}: {run.get('cause')}")
        return json.loads(run["output"])
