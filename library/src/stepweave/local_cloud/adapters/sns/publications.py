"""What AWS refuses to publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.sns.exceptions import SNSInvalidParameter

from stepweave.local_cloud.adapters.step_functions import engine_time
from stepweave.local_cloud.topics.message import MessageStructureError, TopicMessage

LARGEST_MESSAGE: Final = 256 * 1024  # bytes of UTF-8, with attributes
_LONGEST_SUBJECT: Final = 100


def check_publication(  # noqa: PLR0913, PLR0917 - upstream's parameters
    message: str | None,
    arn: str | None,
    subject: str | None = None,
    message_attributes: Mapping[str, Mapping[str, str]] | None = None,
    message_structure: str | None = None,
    phone_number: str | None = None,
    **_: Any,
) -> None:
    """Refuse a message that AWS refuses.

    Raises
    ------
    SNSInvalidParameter
        If AWS would refuse it.
    """
    if phone_number is None:
        if arn is None:
            reason = "TopicArn or TargetArn Reason: no value for required parameter"
            raise SNSInvalidParameter(f"Invalid parameter: {reason}")
        if arn.count(":") < 5:
            reason = f"TopicArn Reason: An ARN must have at least 6 elements, not {arn.count(':') + 1}"
            raise SNSInvalidParameter(f"Invalid parameter: {reason}")
    if not message:
        raise SNSInvalidParameter("Invalid parameter: Empty message")
    if subject is not None and (not subject or len(subject) > _LONGEST_SUBJECT or "\n" in subject):
        raise SNSInvalidParameter("Invalid parameter: Subject")
    attributes = message_attributes or {}
    size = len(message.encode()) + sum(
        len(f"{name}{value['Type']}{value['Value']}".encode()) for name, value in attributes.items()
    )
    if size > LARGEST_MESSAGE:
        raise SNSInvalidParameter("Invalid parameter: Message too long")
    if message_structure == "json":
        try:
            TopicMessage("", arn or "", message, engine_time.now(), is_structured=True).text_for("default")
        except MessageStructureError as error:
            raise SNSInvalidParameter(f"Invalid parameter: Message Structure - {error}") from error
