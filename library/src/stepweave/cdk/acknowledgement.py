"""Findings of cdk-nag that are as they should be, each with its reason."""

import aws_cdk as cdk
from constructs import Construct, IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Say why a rule does not hold for a construct."""
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))


def acknowledge_wildcard(role: Construct, arn: str, reason: str) -> None:
    """Say why a role may do something to all that the `*` of an ARN stands for."""
    resolved = cdk.Stack.of(role).resolve(arn)
    parts = [resolved] if isinstance(resolved, str) else resolved["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
    acknowledge(role, f"AwsSolutions-IAM5[Resource::{text}]", reason)
