"""What AWS refuses of subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import Topic

from stepweave.local_cloud.adapters.refused_operations import UnsupportedError
from stepweave.local_cloud.events.pattern import InvalidPatternError
from stepweave.local_cloud.topics.filter_policy import ATTRIBUTES, BODY, FilterPolicy, NestedPolicyError

_PROTOCOLS: Final = frozenset(
    {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}
)
UNCONFIRMED: Final = frozenset({"email", "email-json"})
"""Protocols whose subscribers get nothing until a person follows a link, which nobody does here."""
_RAW: Final = frozenset({"http", "https", "sqs", "firehose"})


def is_true(value: Any) -> bool:
    """Tell whether an attribute says yes: upstream keeps some as texts, and some not."""
    return str(value).lower() == "true"


def check_subscription(topic: Topic, protocol: str, endpoint: str | None, attributes: Mapping[str, Any]) -> None:
    """Refuse a new subscription that AWS refuses, or to which the local cloud cannot deliver.

    Raises
    ------
    SNSInvalidParameter
        If AWS would refuse it.
    UnsupportedError
        If the local cloud cannot deliver to it.
    """
    if protocol not in _PROTOCOLS:
        reason = f"Amazon SNS does not support this protocol string: {protocol}"
        raise SNSInvalidParameter(f"Invalid parameter: {reason}")
    if protocol == "firehose":
        raise UnsupportedError("a subscription by firehose")
    if protocol == "lambda" and (not endpoint or endpoint.count(":") < 6 or ":function:" not in endpoint):
        raise SNSInvalidParameter("Invalid parameter: Lambda endpoint ARN")
    if protocol == "sqs" and (not endpoint or endpoint.count(":") != 5 or endpoint.split(":")[2] != "sqs"):
        raise SNSInvalidParameter("Invalid parameter: SQS endpoint ARN")
    if is_true(topic.fifo_topic) and protocol != "sqs":
        reason = "Endpoint Reason: Please use SQS endpoints for FIFO topics"
        raise SNSInvalidParameter(f"Invalid parameter: Invalid parameter: {reason}")
    scope = attributes.get("FilterPolicyScope") or ATTRIBUTES
    for name, value in attributes.items():
        check_attribute(topic, protocol, name, value, scope, "Attributes Reason: ")


def check_attribute(  # noqa: PLR0913, PLR0917 - what AWS looks at
    topic: Topic, protocol: str, name: str, value: Any, scope: str, prefix: str = ""
) -> None:
    """Refuse a value of a subscription's attribute that AWS refuses.

    Parameters
    ----------
    topic, protocol
        The subscription's.
    name, value
        The attribute.
    scope
        What the subscription's filter policy looks at.
    prefix
        Comes before the reason.

    Raises
    ------
    SNSInvalidParameter
        If AWS would refuse it.
    """
    match name:
        case "RawMessageDelivery":
            reason = _raw_problem(protocol, value)
        case "RedrivePolicy":
            reason = _redrive_problem(topic, value)
        case "FilterPolicyScope" if value not in {ATTRIBUTES, BODY}:
            reason = f"Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        case "FilterPolicy":
            reason = _policy_problem(value, scope)
        case _:
            reason = ""
    if reason:
        raise SNSInvalidParameter(f"Invalid parameter: {prefix}{name}: {reason}")


def _raw_problem(protocol: str, value: Any) -> str:
    if str(value).lower() not in {"true", "false"}:
        return f"Invalid value [{value}]. Must be true or false."
    if is_true(value) and protocol not in _RAW:
        return f"Delivery protocol [{protocol}] does not support raw message delivery."
    return ""


def _redrive_problem(topic: Topic, value: str) -> str:
    if not value:
        return ""
    try:
        arn = str(json.loads(value).get("deadLetterTargetArn"))
    except (ValueError, AttributeError) as error:
        return f"failed to parse JSON. {error}"
    if arn.count(":") != 5 or arn.split(":")[2] != "sqs":
        return "deadLetterTargetArn is an invalid arn"
    if is_true(topic.fifo_topic) and not arn.endswith(".fifo"):
        return "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
    return ""


def _policy_problem(value: str, scope: str) -> str:
    if not value:
        return ""
    try:
        FilterPolicy(json.loads(value), scope)
    except NestedPolicyError as error:
        message = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
        raise SNSInvalidParameter(message) from error
    except InvalidPatternError as error:
        return str(error)
    except ValueError as error:
        return f"failed to parse JSON. {error}"
    return ""
