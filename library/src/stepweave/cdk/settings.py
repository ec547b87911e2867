"""What a person may choose about a deployment, as CDK context: ``cdk deploy -c name=value``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self, TypeVar

from constructs import Node

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """The choices, each under its name in the context.

    Parameters
    ----------
    reserve_concurrency : bool
        Whether functions reserve the concurrency that their contracts ask for. AWS wants 100 invocations to stay
        unreserved, so an account with a small quota must say ``false``.
    retain_payloads : bool
        Whether ``cdk destroy`` leaves the buckets, which hold repositories and reports, in the account. If
        ``false`` it deletes them, and fails until they are empty.
    alarm_topic_arn : str | None
        The SNS topic that alarms notify; without it they only show in the console.
    bundle_platform : Platform
        What the wheels in the bundles are for.
    """

    reserve_concurrency: bool = True
    retain_payloads: bool = True
    alarm_topic_arn: str | None = None
    bundle_platform: Platform = field(default_factory=Platform.deployed)

    @classmethod
    def from_context(cls, node: Node) -> Self:
        """Read the settings from a construct's context.

        Raises
        ------
        SynthesisError
            If a value is none that the setting can have.
        """
        platform = _read(node, "bundle_platform", _platform)
        return cls(
            reserve_concurrency=_read(node, "reserve_concurrency", _boolean) is not False,
            retain_payloads=_read(node, "retain_payloads", _boolean) is not False,
            alarm_topic_arn=_read(node, "alarm_topic_arn", _topic_arn),
            bundle_platform=Platform.deployed() if platform is None else platform,
        )


def _read(node: Node, name: str, parse: Callable[[object], T]) -> T | None:
    value = node.try_get_context(name)
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as error:
        raise SynthesisError(f"context {name}={value}: {error}") from error


def _boolean(value: object) -> bool:
    # `-c name=false` arrives as text, a value in cdk.json as a boolean
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _topic_arn(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("arn:") or ":sns:" not in value:
        raise ValueError("must be the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME")
    return value


def _platform(value: object) -> Platform:
    if value not in set(Platform):
        raise ValueError(f"must be one of {', '.join(Platform)}")
    return Platform(str(value))
