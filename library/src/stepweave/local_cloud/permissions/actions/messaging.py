"""SQS, SNS and EventBridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepweave.local_cloud.permissions.actions.table import Access, Call, ServiceTable, some, use_of_key


def _queue(call: Call) -> str:
    url = call.text("QueueUrl") or call.text("QueueName") or call.text("SourceArn")
    return url if url.startswith("arn:") else call.arn("sqs", url.rstrip("/").rsplit("/", 1)[-1])


def _send_message(call: Call) -> Iterator[Access]:
    queue = _queue(call)
    yield Access("sqs:SendMessage", queue)
    yield from use_of_key(call, call.stored.encryption_key(queue), "GenerateDataKey", "Decrypt")


def _receive_message(call: Call) -> Iterator[Access]:
    queue = _queue(call)
    yield Access("sqs:ReceiveMessage", queue)
    yield from use_of_key(call, call.stored.encryption_key(queue), "Decrypt")


def _start_move(call: Call) -> Iterator[Access]:
    source, destination = call.text("SourceArn"), call.text("DestinationArn")
    for action in ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        yield Access(f"sqs:{action}", source)
    if destination:
        yield Access("sqs:SendMessage", destination)


SQS: Final = ServiceTable(
    "sqs",
    _queue,
    {"ChangeMessageVisibilityBatch": "ChangeMessageVisibility", "DeleteMessageBatch": "DeleteMessage"},
    frozenset({"ListQueues"}),
    {
        "SendMessage": _send_message,
        "SendMessageBatch": _send_message,
        "ReceiveMessage": _receive_message,
        "StartMessageMoveTask": _start_move,
    },
)


def _topic(call: Call) -> str:
    given = call.text("TopicArn") or call.text("TargetArn") or call.text("ResourceArn") or call.text("EndpointArn")
    if subscription := call.text("SubscriptionArn"):
        return subscription.rpartition(":")[0]
    return given or (call.arn("sns", call.text("Name")) if call.text("Name") else "*")


def _publish(call: Call) -> Iterator[Access]:
    topic = _topic(call)
    yield Access("sns:Publish", topic)
    yield from use_of_key(call, call.stored.encryption_key(topic), "GenerateDataKey", "Decrypt")


SNS: Final = ServiceTable(
    "sns",
    _topic,
    without_resource=frozenset({"ListTopics", "ListSubscriptions", "ListPlatformApplications"}),
    special={"Publish": _publish, "PublishBatch": _publish},
    keys=lambda call: some(sns__protocol=call.text("Protocol"), sns__endpoint=call.text("Endpoint")),
)


def _bus(call: Call, name: str) -> str:
    return call.arn("events", name if name.startswith("arn:") else f"event-bus/{name or 'default'}")


def _put_events(call: Call) -> Iterator[Access]:
    for entry in call.parameters.get("Entries") or ():
        keys = some(**{"events__source": entry.get("Source"), "events__detail-type": entry.get("DetailType")})
        yield Access("events:PutEvents", _bus(call, entry.get("EventBusName") or ""), keys)


def _rule(call: Call) -> str:
    bus = call.text("EventBusName").rpartition("/")[2]
    name = call.text("Name") if "Rule" in call.operation and call.text("Name") else call.text("Rule")
    return call.arn("events", f"rule/{name}" if bus in {"", "default"} else f"rule/{bus}/{name}")


def _event_resource(call: Call) -> str:
    if arn := call.text("ResourceARN"):
        return arn
    for word, kind in (("Archive", "archive"), ("Replay", "replay"), ("Connection", "connection")):
        if word in call.operation:
            return call.arn("events", f"{kind}/{call.text(f'{word}Name') or call.text('Name')}")
    if "EventBus" in call.operation or "Permission" in call.operation:
        return _bus(call, call.text("Name") or call.text("EventBusName"))
    if "ApiDestination" in call.operation:
        return call.arn("events", f"api-destination/{call.text('Name')}")
    return _rule(call)


EVENTS: Final = ServiceTable(
    "events",
    _event_resource,
    without_resource=frozenset(
        {
            "ListApiDestinations",
            "ListArchives",
            "ListConnections",
            "ListEventBuses",
            "ListReplays",
            "ListRuleNamesByTarget",
            "TestEventPattern",
        }
    ),
    special={
        "PutEvents": _put_events,
        "ListRules": lambda call: [Access("events:ListRules", call.arn("events", "rule/*"))],
    },
)
