"""Delivers the messages of topics to their subscribers, in the background, and again while they are busy."""

from __future__ import annotations

import http.client
import json
import logging
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from stepweave.local_cloud.events.delivery import Clients, delivery_error, queue_url
from stepweave.local_cloud.events.delivery_error import DeliveryError
from stepweave.local_cloud.events.retried_calls import FIRST_RETRY_SECONDS, GivenUp, RetriedCalls, RetryPolicy
from stepweave.local_cloud.permissions.callers import ServiceCaller, acting_as
from stepweave.local_cloud.topics.message import TopicMessage

_LOG = logging.getLogger(__name__)
_POLICY: Final = RetryPolicy(attempts=100_015, age_seconds=23 * 86_400.0)
_HTTP_SECONDS: Final = 15


@dataclass(frozen=True)
class Subscriber:
    """Who gets messages.

    Attributes
    ----------
    arn : str
        The subscription.
    protocol, endpoint : str
        How, and where.
    is_raw : bool
        Whether a queue gets the text alone.
    dead_letter_arn : str or None
        The queue that takes what cannot be delivered.
    """

    arn: str
    protocol: str
    endpoint: str
    is_raw: bool = False
    dead_letter_arn: str | None = None


class Publisher:
    """Delivers messages.

    Parameters
    ----------
    clients
        What the subscribers' services are called with.
    first_retry_seconds
        The wait before a delivery is tried again for the first time.
    """

    def __init__(self, clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS) -> None:
        self._clients = clients
        self._calls = RetriedCalls("topics", first_retry_seconds)

    def send(self, message: TopicMessage, subscriber: Subscriber) -> None:
        """Have a message delivered; returns at once, but for FIFO, whose order it keeps."""

        def give_up(given_up: GivenUp) -> None:
            self._dead_letter(message, subscriber, given_up)

        if message.sequence_number is None:
            self._calls.put(lambda _: self._deliver(message, subscriber), give_up, _POLICY)
            return
        try:
            self._deliver(message, subscriber)
        except DeliveryError as error:
            give_up(GivenUp(error, "", 0))

    def stop(self) -> None:
        """Begin no more deliveries."""
        self._calls.stop()

    def close(self) -> None:
        """Finish the deliveries that are under way; those that wait for a retry are dropped."""
        self._calls.close()

    def _deliver(self, message: TopicMessage, subscriber: Subscriber) -> None:
        with acting_as(_topic(message)):
            self._hand_over(message, subscriber)

    def _hand_over(self, message: TopicMessage, subscriber: Subscriber) -> None:
        try:
            match subscriber.protocol:
                case "sqs":
                    self._send(subscriber.endpoint, message, subscriber)
                case "lambda":
                    payload = json.dumps(message.function_event(subscriber.arn)).encode()
                    self._clients.client(_region(subscriber.endpoint), "lambda").invoke(
                        FunctionName=subscriber.endpoint, InvocationType="Event", Payload=payload
                    )
                case "http" | "https":
                    _post(message, subscriber)
        except ClientError as error:
            raise delivery_error(error) from error

    def _send(self, queue_arn: str, message: TopicMessage, subscriber: Subscriber) -> None:
        options: dict[str, Any] = {}
        if queue_arn.endswith(".fifo"):
            options = {"MessageGroupId": message.group_id, "MessageDeduplicationId": message.deduplication_id}
        body = message.to_text(subscriber.arn, subscriber.protocol)
        if subscriber.is_raw:
            body = message.text_for(subscriber.protocol)
            options["MessageAttributes"] = message.queue_attributes()
        self._clients.client(_region(queue_arn), "sqs").send_message(
            QueueUrl=queue_url(queue_arn), MessageBody=body, **options
        )

    def _dead_letter(self, message: TopicMessage, subscriber: Subscriber, given_up: GivenUp) -> None:
        queue = subscriber.dead_letter_arn
        _LOG.debug("%s could not deliver to %s: %s", message.topic_arn, subscriber.endpoint, given_up.error)
        if queue is None:
            return
        try:
            with acting_as(_topic(message)):
                self._send(queue, message, subscriber)
        except ClientError as failure:
            _LOG.warning("%s could not send a message to %s: %s", subscriber.arn, queue, failure)


def _topic(message: TopicMessage) -> ServiceCaller:
    return ServiceCaller("sns.amazonaws.com", message.topic_arn, message.topic_arn.split(":")[4])


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _post(message: TopicMessage, subscriber: Subscriber) -> None:
    text = (
        message.text_for(subscriber.protocol)
        if subscriber.is_raw
        else message.to_text(subscriber.arn, subscriber.protocol)
    )
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": message.id,
        "x-amz-sns-topic-arn": message.topic_arn,
        "x-amz-sns-subscription-arn": subscriber.arn,
        **({"x-amz-sns-rawdelivery": "true"} if subscriber.is_raw else {}),
    }
    request = urllib.request.Request(subscriber.endpoint, text.encode(), headers)  # noqa: S310 - http or https
    try:
        with urllib.request.urlopen(request, timeout=_HTTP_SECONDS):  # noqa: S310 - as above
            pass
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError("HTTP", str(error), is_retriable=True) from error
