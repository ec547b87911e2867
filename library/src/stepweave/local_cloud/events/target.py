"""A target of a rule: where events go, in what form, and what happens to those that cannot be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stepweave.local_cloud.events.retried_calls import RetryPolicy


@dataclass(frozen=True)
class InputTransformer:
    """Makes a text of a template and of values that are taken from the event.

    Attributes
    ----------
    paths : mapping
        For each variable the path of its value, as ``$.detail.status``.
    template : str
        The text, with variables in angle brackets.
    """

    paths: Mapping[str, str]
    template: str


@dataclass(frozen=True)
class Target:
    """One target.

    Attributes
    ----------
    arn : str
        The queue, function, state machine, bus, log group or topic.
    input : str or None
        What it gets in place of the event.
    input_path : str or None
        The part of the event that it gets.
    input_transformer : InputTransformer or None
        Makes what it gets.
    message_group_id : str or None
        For FIFO queues.
    role_arn : str or None
        The role in whose name it is called; None if EventBridge calls in its own.
    dead_letter_arn : str or None
        The queue that takes what cannot be delivered.
    retry_policy : RetryPolicy
        How often and for how long a delivery is tried again.
    """

    arn: str
    input: str | None = None
    input_path: str | None = None
    input_transformer: InputTransformer | None = None
    message_group_id: str | None = None
    dead_letter_arn: str | None = None
    role_arn: str | None = None
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> Target:
        """The target that ``PutTargets`` or a template describes."""
        transformer = settings.get("InputTransformer")
        return cls(
            arn=settings["Arn"],
            input=settings.get("Input"),
            input_path=settings.get("InputPath"),
            input_transformer=InputTransformer(transformer.get("InputPathsMap") or {}, transformer["InputTemplate"])
            if transformer
            else None,
            message_group_id=(settings.get("SqsParameters") or {}).get("MessageGroupId"),
            dead_letter_arn=(settings.get("DeadLetterConfig") or {}).get("Arn"),
            role_arn=settings.get("RoleArn"),
            retry_policy=RetryPolicy.of_settings(settings.get("RetryPolicy")),
        )
