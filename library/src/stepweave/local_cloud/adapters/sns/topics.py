"""Topics deliver to their subscribers.

Upstream defects: subscribers are called within the publisher's own call, which fails with them; nothing is tried again
or goes to the subscription's dead-letter queue; filter policies know a part of the operators; FIFO topics neither
number nor deduplicate; a function gets an old form of the event; what was published stays in memory for ever; and a
subscription that AWS refuses is made.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter, SNSNotFoundError
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.adapters.sns.publications import check_publication
from stepweave.local_cloud.adapters.sns.subscriptions import UNCONFIRMED, check_attribute, check_subscription, is_true
from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.events.delivery import Clients
from stepweave.local_cloud.events.retried_calls import FIRST_RETRY_SECONDS
from stepweave.local_cloud.identifiers import new_uuid
from stepweave.local_cloud.topics.filter_policy import ATTRIBUTES, FilterPolicy
from stepweave.local_cloud.topics.message import TopicMessage
from stepweave.local_cloud.topics.publisher import Publisher, Subscriber

_DEDUPLICATED_FOR: Final = timedelta(minutes=5)
_FIRST_NUMBER: Final = 10**19


class _FifoTopics:
    """What FIFO topics remember: numbers, and which messages came lately."""

    def __init__(self) -> None:
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._seen: dict[tuple[str, str], tuple[datetime, str, str]] = {}

    def admit(self, topic: str, deduplication_id: str) -> tuple[str, str, bool]:
        """Return the id and the number of a message, and whether it is a new one."""
        now = engine_time.now()
        known = self._seen.get((topic, deduplication_id))
        if known is not None and now - known[0] < _DEDUPLICATED_FOR:
            return known[1], known[2], False
        self._seen = {key: value for key, value in self._seen.items() if now - value[0] < _DEDUPLICATED_FOR}
        named = self._seen[topic, deduplication_id] = now, new_uuid(), str(next(self._numbers))
        return named[1], named[2], True

    def number(self, message_id: str) -> str | None:
        """Return the number of a message that was published just now; None if it was in no FIFO topic."""
        return next((number for _, name, number in self._seen.values() if name == message_id), None)


@contextmanager
def topic_deliveries(  # noqa: C901 - one function for each of upstream's
    clients: Clients, first_retry_seconds: float = FIRST_RETRY_SECONDS
) -> Iterator[Publisher]:
    """Deliver through a :class:`Publisher` until the context ends.

    Parameters
    ----------
    clients
        What the subscribers' services are called with.
    first_retry_seconds
        The wait before a delivery is tried again for the first time.
    """
    publisher, fifo = Publisher(clients, first_retry_seconds), _FifoTopics()
    upstream_publish, upstream_subscribe = SNSBackend.publish, SNSResponse.subscribe
    upstream_set = SNSBackend.set_subscription_attributes

    def publish_to_topic(  # noqa: PLR0913, PLR0917 - upstream's signature
        self: Any,
        message: str,
        subject: str | None = None,
        message_attributes: Mapping[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        number, is_new, message_id = None, True, new_uuid()
        if is_true(self.fifo_topic):
            deduplication_id = deduplication_id or hashlib.sha256(message.encode()).hexdigest()
            message_id, number, is_new = fifo.admit(self.arn, deduplication_id)
        published = TopicMessage(
            message_id,
            self.arn,
            message,
            engine_time.now(),
            subject,
            message_attributes or {},
            message_structure == "json",
            group_id,
            deduplication_id,
            number,
        )
        if is_new:
            for subscription in self.sns_backend._get_topic_subscriptions(self):  # noqa: SLF001 - upstream's seam
                if _wants(subscription, published):
                    publisher.send(published, _subscriber(subscription))
        return message_id

    def publish(self: Any, message: str, arn: str | None, *rest: Any, **options: Any) -> str:
        check_publication(message, arn, **options)
        if arn is not None and ":endpoint/" in arn:
            if arn not in self.platform_endpoints:
                reason = "TargetArn Reason: No endpoint found for the target arn specified"
                raise SNSInvalidParameter(f"Invalid parameter: {reason}")
        elif arn is not None and is_true(self.get_topic(arn).fifo_topic) and not options.get("group_id"):
            raise SNSInvalidParameter("Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
        message_id: str = upstream_publish(self, message, arn, *rest, **options)
        return message_id

    def subscribe(self: Any) -> Any:
        attributes, arn = self._get_param("Attributes", {}), self._get_param("TopicArn")
        endpoint, protocol = self._get_param("Endpoint"), self._get_param("Protocol")
        topic = self.backend.get_topic(arn)
        check_subscription(topic, protocol, endpoint, attributes)
        known = self.backend._find_subscription(arn, endpoint, protocol)  # noqa: SLF001 - upstream's seam
        if known is not None:
            if any(_text(known.attributes.get(name)) != _text(value) for name, value in attributes.items()):
                reason = "Attributes Reason: Subscription already exists with different attributes"
                raise SNSInvalidParameter(f"Invalid parameter: {reason}")
            return ActionResult({"SubscriptionArn": known.arn})
        answer = upstream_subscribe(self)
        if protocol in UNCONFIRMED:
            subscription = self.backend.subscriptions[answer.result["SubscriptionArn"]]
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
            if not is_true(self._get_param("ReturnSubscriptionArn")):
                return ActionResult({"SubscriptionArn": "pending confirmation"})
        return answer

    def set_subscription_attributes(self: Any, arn: str, name: str, value: Any) -> None:
        if (known := self.subscriptions.get(arn)) is None:
            raise SNSNotFoundError("Subscription does not exist")
        scope = known.attributes.get("FilterPolicyScope") or ATTRIBUTES
        check_attribute(known.topic, known.protocol, name, value, scope)
        upstream_set(self, arn, name, value)

    with ExitStack() as patches:
        patches.callback(publisher.close)
        for owner, name, value in (
            (Topic, "publish", publish_to_topic),
            (SNSBackend, "publish", publish),
            (SNSBackend, "set_subscription_attributes", set_subscription_attributes),
            (SNSBackend, "_validate_filter_policy", lambda *_, **__: None),
            (SNSResponse, "subscribe", subscribe),
            (SNSResponse, "publish", _numbered(SNSResponse.publish, fifo)),
            (SNSResponse, "publish_batch", _numbered(SNSResponse.publish_batch, fifo)),
        ):
            patches.enter_context(replaced(owner, name, value))
        for name in ("list_subscriptions", "list_subscriptions_by_topic"):
            patches.enter_context(replaced(SNSResponse, name, _unconfirmed(getattr(SNSResponse, name))))
        yield publisher


def _unconfirmed(upstream: Any) -> Any:
    """Return an operation that lists subscriptions, in which those that nobody has confirmed have no ARN."""

    def list_subscriptions(self: Any) -> Any:
        answer = upstream(self)
        answer.result["Subscriptions"] = [
            {
                "SubscriptionArn": "PendingConfirmation" if each.protocol in UNCONFIRMED else each.arn,
                "Owner": each.owner,
                "Protocol": each.protocol,
                "Endpoint": each.endpoint,
                "TopicArn": each.topic.arn,
            }
            for each in answer.result["Subscriptions"]
        ]
        return answer

    return list_subscriptions


def _numbered(upstream: Any, fifo: _FifoTopics) -> Any:
    """Return an operation that publishes, with the numbers of messages in its answer."""

    def publish(self: Any) -> Any:
        answer = upstream(self)
        for each in answer.result.get("Successful", [answer.result]):
            if (number := fifo.number(each.get("MessageId", ""))) is not None:
                each["SequenceNumber"] = number
        return answer

    return publish


def _wants(subscription: Subscription, message: TopicMessage) -> bool:
    policy = subscription.attributes.get("FilterPolicy")
    if not policy:
        return True
    return FilterPolicy(json.loads(policy), subscription.attributes.get("FilterPolicyScope") or ATTRIBUTES).wants(
        message
    )


def _subscriber(subscription: Subscription) -> Subscriber:
    redrive = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    return Subscriber(
        subscription.arn,
        subscription.protocol,
        subscription.endpoint,
        is_true(subscription.attributes.get("RawMessageDelivery")),
        redrive.get("deadLetterTargetArn"),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
