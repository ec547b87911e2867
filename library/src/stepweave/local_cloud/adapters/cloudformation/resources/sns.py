"""Types of Amazon SNS."""

from __future__ import annotations

import json
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request

_TOPIC_ATTRIBUTES: Final = frozenset(
    {
        "ArchivePolicy",
        "ContentBasedDeduplication",
        "DisplayName",
        "FifoThroughputScope",
        "FifoTopic",
        "KmsMasterKeyId",
        "SignatureVersion",
        "TracingConfig",
    }
)
_SUBSCRIPTION_ATTRIBUTES: Final = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    }
)


def _with_attributes(names: frozenset[str]) -> Any:
    def adjust(properties: dict[str, Any]) -> dict[str, Any]:
        attributes = {name: as_text(value) for name, value in properties.items() if name in names}
        rest = {name: value for name, value in properties.items() if name not in names}
        return {**rest, "Attributes": attributes}

    return adjust


def _topic(properties: dict[str, Any]) -> dict[str, Any]:
    name = str(properties.get("TopicName", ""))
    if as_text(properties.get("FifoTopic", False)) != "true":
        properties = {key: value for key, value in properties.items() if key != "FifoTopic"}
    elif name and not name.endswith(".fifo"):
        properties = {**properties, "TopicName": f"{name}.fifo"}
    return dict(_with_attributes(_TOPIC_ATTRIBUTES)(properties))


def _subscription(properties: dict[str, Any]) -> dict[str, Any]:
    return dict(_with_attributes(_SUBSCRIPTION_ATTRIBUTES)({**properties, "ReturnSubscriptionArn": True}))


def _update_topic(request: Request, topic: str, before: Properties) -> None:
    client, after = request.client("sns"), request.properties
    if before:
        for name in sorted(_TOPIC_ATTRIBUTES - {"FifoTopic"}):
            if before.get(name) != after.get(name):
                client.set_topic_attributes(
                    TopicArn=topic, AttributeName=name, AttributeValue=as_text(after.get(name, ""))
                )
    now, then = (
        {(item["Protocol"], item["Endpoint"]) for item in of.get("Subscription", [])} for of in (after, before)
    )
    for protocol, endpoint in sorted(now - then):
        client.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    if gone := then - now:
        for known in client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
            if (known["Protocol"], known["Endpoint"]) in gone:
                client.unsubscribe(SubscriptionArn=known["SubscriptionArn"])


def _update_subscription(request: Request, subscription: str, before: Properties) -> None:
    for name in sorted(_SUBSCRIPTION_ATTRIBUTES if before else ()):
        if before.get(name) != request.properties.get(name):
            request.client("sns").set_subscription_attributes(
                SubscriptionArn=subscription,
                AttributeName=name,
                AttributeValue=as_text(request.properties.get(name, "")),
            )


def _topics(properties: Properties) -> list[str]:
    return list(properties.get("Topics", [])) or [properties[name] for name in ("TopicArn",) if name in properties]


def _set_policy(request: Request, _physical_id: str, before: Properties) -> None:
    client, topics = request.client("sns"), _topics(request.properties)
    policy = json.dumps(request.properties["PolicyDocument"])
    for topic in topics:
        client.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    _default_policy(request, [topic for topic in _topics(before) if topic not in topics])


def _remove_policy(request: Request, _physical_id: str, before: Properties) -> None:
    _default_policy(request, _topics(before))


def _default_policy(request: Request, topics: list[str]) -> None:
    """Give topics the policy that AWS gives them: their own account may use them."""
    owner = {"StringEquals": {"AWS:SourceOwner": request.account}}
    for topic in topics:
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
            "Resource": topic,
            "Condition": owner,
        }
        policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
        request.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
        )


TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::SNS::Topic",
        service="sns",
        create_operation="create_topic",
        delete_operation="delete_topic",
        identity="TopicArn",
        key="TopicArn",
        named_by="TopicName",
        name_limit=240,
        renames={"TopicName": "Name"},
        replaces=frozenset({"FifoTopic"}),
        applied=frozenset({"Subscription"}),
        passes=frozenset({"DeliveryStatusLogging"}),
        refuses=frozenset({"DataProtectionPolicy", "ArchivePolicy"}),
        attributes={"TopicArn": itself, "TopicName": lambda arn: arn.rpartition(":")[2]},
        adjust=_topic,
        apply=_update_topic,
        changes_by_apply=_TOPIC_ATTRIBUTES,
    ),
    ApiType(
        name="AWS::SNS::Subscription",
        service="sns",
        create_operation="subscribe",
        delete_operation="unsubscribe",
        identity="SubscriptionArn",
        key="SubscriptionArn",
        replaces=frozenset({"Endpoint", "Protocol", "TopicArn"}),
        passes=frozenset({"Region"}),
        refuses=frozenset({"ReplayPolicy"}),
        attributes={"Arn": itself},
        adjust=lambda properties: _with_attributes(_SUBSCRIPTION_ATTRIBUTES)(
            {**properties, "ReturnSubscriptionArn": True}
        ),
        apply=_update_subscription,
        changes_by_apply=_SUBSCRIPTION_ATTRIBUTES,
    ),
    *(
        ApiType(
            name=f"AWS::SNS::{name}",
            service="sns",
            apply=_set_policy,
            applied=frozenset({topics, "PolicyDocument"}),
            required=frozenset({topics, "PolicyDocument"}),
            before_delete=_remove_policy,
            attributes={"Id": itself},
        )
        for name, topics in (("TopicPolicy", "Topics"), ("TopicInlinePolicy", "TopicArn"))
    ),
)
