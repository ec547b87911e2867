"""Find what is deployed, by the outputs of the stacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepweave.cdk.naming import (
    DAG_CONSTRUCT,
    STORAGE_STACK,
    WORKFLOWS_STACK,
    dag_stack_name,
    pascal_case,
    state_machine_name,
)
from stepweave.command.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


_ARN_OUTPUT = "StateMachineArn"


@dataclass(frozen=True)
class Deployment:
    """Where a workflow is deployed.

    Parameters
    ----------
    state_machine_arn : str
        What runs it.
    payload_bucket : str
        Where repositories, large results and reports are.
    """

    state_machine_arn: str
    payload_bucket: str


def find_deployment(
    client: "CloudFormationClient", workflow: str, where: str, how: str, stack: str = WORKFLOWS_STACK
) -> Deployment:
    """Find a workflow among the deployed stacks.

    Parameters
    ----------
    client : CloudFormationClient
        Where to look.
    workflow : str
        The workflow's name, for example ``code-review``.
    where, how : str
        What to call the place, and how one deploys there, should it not be found.
    stack : str
        The stack that holds it: that of all workflows, or that of a DAG file.

    Raises
    ------
    CommandError
        If the stacks are not there, or do not hold the workflow.
    """
    construct = pascal_case(workflow) if stack == WORKFLOWS_STACK else DAG_CONSTRUCT
    arn = (stack_outputs(client, stack) or {}).get(f"{construct}{_ARN_OUTPUT}")
    if arn is None:
        raise CommandError(f"workflow {workflow} is not deployed on {where}", how)
    bucket = (stack_outputs(client, STORAGE_STACK) or {}).get("PayloadBucketName")
    if bucket is None:
        raise CommandError(f"stack {STORAGE_STACK} on {where} names no payload bucket", how)
    return Deployment(arn, bucket)


def state_machines(client: "CloudFormationClient") -> dict[str, str]:
    """Return the ARNs of the deployed state machines by the name of their workflow; empty if there are none.

    The project's workflows come first, then those of DAG files.
    """
    stacks = [
        stack
        for page in client.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(dag_stack_name(""))
    ]
    stacks.sort(key=lambda stack: (stack["StackName"] != WORKFLOWS_STACK, stack["StackName"]))
    arns = [arn for stack in stacks for key, arn in sorted(_outputs(stack).items()) if key.endswith(_ARN_OUTPUT)]
    return {arn.rpartition(":")[2].removeprefix(state_machine_name("")): arn for arn in arns}


def stack_outputs(client: "CloudFormationClient", stack: str) -> Mapping[str, str] | None:
    """Return the outputs of a stack by key; None if there is no such stack."""
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return _outputs(found[0]) if found else None


def _outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
