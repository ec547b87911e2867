"""The policies that let an agent do what its contract names."""

from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stepweave.cdk.acknowledgement import acknowledge_wildcard
from stepweave.cdk.policy import allow
from stepweave.contract.agent import Agent
from stepweave.contract.permission import Permission
from stepweave.contract.secret import Secret

_NETWORK_ACTIONS: Final = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
)


def filled_in(text: str) -> str:
    """Return a text of a contract with the partition, region and account of the deployment in it."""
    for placeholder, value in (
        ("${AWS::Partition}", cdk.Aws.PARTITION),
        ("${AWS::Region}", cdk.Aws.REGION),
        ("${AWS::AccountId}", cdk.Aws.ACCOUNT_ID),
    ):
        text = text.replace(placeholder, value)
    return text


def agent_permissions(agent: Agent[Any, Any], *, in_network: bool) -> dict[str, iam.PolicyDocument]:
    """Return the policies, by their names, for what an agent's contract names.

    Parameters
    ----------
    agent : Agent
        The agent's contract.
    in_network : bool
        Whether the function is attached to a network.
    """
    policies: dict[str, iam.PolicyDocument] = {}
    if agent.permissions:
        policies["Contract"] = iam.PolicyDocument(statements=[_statement(one) for one in agent.permissions])
    if agent.secrets:
        policies["Secrets"] = _secrets([Secret.of(secret) for secret in agent.secrets])
    if in_network:
        policies["Network"] = allow("ec2", _NETWORK_ACTIONS, ["*"])
    return policies


def acknowledge_permissions(role: Construct, agent: Agent[Any, Any], *, in_network: bool) -> None:
    """Say why the role of an agent has the wildcards that its contract asks for, in the contract's own words."""
    reasons: dict[str, list[str]] = {}
    for permission in agent.permissions:
        for resource in permission.wildcards:
            reasons.setdefault(resource, []).append(permission.reason)
    if in_network:
        reasons.setdefault("*", []).append(
            "Lambda makes and removes the function's network interfaces, which have no names before."
        )
    for resource, said in reasons.items():
        acknowledge_wildcard(role, filled_in(resource), " ".join(dict.fromkeys(said)))


def _statement(permission: Permission) -> iam.PolicyStatement:
    conditions = {
        operator: {key: value if isinstance(value, str) else list(value) for key, value in keys.items()}
        for operator, keys in permission.conditions.items()
    }
    return iam.PolicyStatement(
        actions=list(permission.actions),
        resources=[filled_in(resource) for resource in permission.resources],
        conditions=conditions or None,
    )


def _secrets(secrets: list[Secret]) -> iam.PolicyDocument:
    statements = []
    for action, service, found in (
        ("secretsmanager:GetSecretValue", "secretsmanager", [one for one in secrets if not one.is_parameter]),
        ("ssm:GetParameter", "ssm", [one for one in secrets if one.is_parameter]),
    ):
        if not found:
            continue
        statements.append(iam.PolicyStatement(actions=[action], resources=[filled_in(one.arn) for one in found]))
        keys = list(dict.fromkeys(filled_in(one.key_arn) for one in found if one.key_arn is not None))
        if keys:
            via = f"{service}.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}"
            statements.append(
                iam.PolicyStatement(
                    actions=["kms:Decrypt"],
                    resources=keys,
                    conditions={"StringEquals": {"kms:ViaService": via}},
                )
            )
    return iam.PolicyDocument(statements=statements)
