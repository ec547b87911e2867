"""Types of Amazon SQS."""

from __future__ import annotations

import json
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import (
    Properties,
    RefusedError,
    Request,
    Resource,
)

_DEFAULTS: Final[dict[str, Any]] = {
    "DelaySeconds": 0,
    "MaximumMessageSize": 262_144,
    "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "VisibilityTimeout": 30,
}
_ATTRIBUTES: Final = frozenset(
    {
        *_DEFAULTS,
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "SqsManagedSseEnabled",
    }
)


def _queue(properties: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(properties.keys() - _ATTRIBUTES - {"QueueName", "Tags"})
    if unknown:
        raise RefusedError(f"the local cloud does not know its property {unknown[0]}")
    attributes = {name: as_text(value) for name, value in properties.items() if name in _ATTRIBUTES}
    found: dict[str, Any] = {"Attributes": attributes}
    if "QueueName" in properties:
        is_fifo = attributes.get("FifoQueue") == "true"
        name = properties["QueueName"]
        found["QueueName"] = f"{name}.fifo" if is_fifo and not str(name).endswith(".fifo") else name
    if "Tags" in properties:
        found["tags"] = properties["Tags"]
    attributes |= {"FifoQueue": "true"} if attributes.pop("FifoQueue", "") == "true" else {}
    return found


def _queues(properties: Properties) -> list[str]:
    return list(properties.get("Queues", [])) or [properties[name] for name in ("Queue",) if name in properties]


def _set_policy(request: Request, _physical_id: str, before: Properties) -> None:
    client, queues = request.client("sqs"), _queues(request.properties)
    for queue in queues:
        policy = json.dumps(request.properties["PolicyDocument"])
        client.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    for queue in _queues(before):
        if queue not in queues:
            client.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})


def _remove_policy(request: Request, _physical_id: str, before: Properties) -> None:
    for queue in _queues(before):
        request.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})


class _QueueType(ApiType):
    """Queues: an update of their attributes leaves their policy, which is another resource's."""

    def update(self, request: Request, current: Resource) -> Resource:
        """Change the attributes and the tags."""
        client, url, after = request.client("sqs"), current.physical_id, request.properties
        attributes = {name: _DEFAULTS[name] for name in current.properties if name in _DEFAULTS}
        attributes |= self.adjust(dict(after))["Attributes"]
        attributes.pop("FifoQueue", None)
        names = {"AttributeNames": ["Policy"]}
        policy = client.get_queue_attributes(QueueUrl=url, **names).get("Attributes", {})
        client.set_queue_attributes(
            QueueUrl=url, Attributes={**policy, **{name: as_text(value) for name, value in attributes.items()}}
        )
        tags, before = ({tag["Key"]: tag["Value"] for tag in of.get("Tags", [])} for of in (after, current.properties))
        if gone := sorted(before.keys() - tags.keys()):
            client.untag_queue(QueueUrl=url, TagKeys=gone)
        if tags:
            client.tag_queue(QueueUrl=url, Tags=tags)
        return Resource(url, current.attributes, after)


TYPES: Final[tuple[ApiType, ...]] = (
    _QueueType(
        name="AWS::SQS::Queue",
        service="sqs",
        create_operation="create_queue",
        update_operation="set_queue_attributes",
        delete_operation="delete_queue",
        identity="QueueUrl",
        key="QueueUrl",
        named_by="QueueName",
        name_limit=75,
        replaces=frozenset({"FifoQueue"}),
        read="get_queue_attributes",
        read_parameters={"AttributeNames": ["QueueArn"]},
        attributes={
            "Arn": "Attributes.QueueArn",
            "QueueName": lambda url: url.rpartition("/")[2],
            "QueueUrl": itself,
        },
        adjust=_queue,
    ),
    *(
        ApiType(
            name=f"AWS::SQS::{name}",
            service="sqs",
            apply=_set_policy,
            applied=frozenset({queues, "PolicyDocument"}),
            required=frozenset({queues, "PolicyDocument"}),
            before_delete=_remove_policy,
            attributes={"Id": itself},
        )
        for name, queues in (("QueuePolicy", "Queues"), ("QueueInlinePolicy", "Queue"))
    ),
)
