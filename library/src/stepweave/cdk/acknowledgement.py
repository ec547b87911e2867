"""Findings of cdk-nag that are as they should be, each with its reason."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct, IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Say why a rule does not hold for a construct."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def acknowledge_wildcard(role: Construct, arn: str, reason: str) -> None:
    """Say why a role may do something to all that the `*` of an ARN stands for."""
    text = _text(cdk.Stack.of(role).resolve(arn))
    acknowledge(role, f"AwsSolutions-IAM5[Resource::{text}]", reason)


def _text(value: Any) -> str:
    """Write a resolved value as cdk-nag writes it."""
    match value:
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": str(name)}:
            return name
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_text(part) for part in parts)
        case _:
            return str(value)
