"""Find what is deployed, by the outputs of the stacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stepweave.cdk.naming import DAG_CONSTRUCT, PAYLOADS_OUTPUT, Names, pascal_case
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
        Where stored inputs, large results and reports are.
    """

    state_machine_arn: str
    payload_bucket: str


def find_deployment(  # noqa: PLR0913
    client: "CloudFormationClient", workflow: str, where: str, how: str, names: Names, *, is_dag: bool = False
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
    names : Names
        The names of the deployment.
    is_dag : bool
        Whether the workflow is that of a DAG file, which has a stack of its own.

    Raises
    ------
    CommandError
        If the stacks are not there, or do not hold the workflow.
    """
    construct, stack = pascal_case(workflow), names.workflows_stack
    if is_dag:
        construct, stack = DAG_CONSTRUCT, names.dag_stack(workflow)
    arn = (stack_outputs(client, stack) or {}).get(f"{construct}{_ARN_OUTPUT}")
    if arn is None:
        raise CommandError(f"workflow {workflow} is not deployed on {where}", how)
    return Deployment(arn, payload_bucket(client, where, how, names))


def payload_bucket(client: "CloudFormationClient", where: str, how: str, names: Names) -> str:
    """Return the name of the bucket of payloads; the parameters are those of `find_deployment`.

    Raises
    ------
    CommandError
        If the storage stack is not there, or names none.
    """
    bucket = (stack_outputs(client, names.storage_stack) or {}).get(PAYLOADS_OUTPUT)
    if bucket is None:
        raise CommandError(f"stack {names.storage_stack} on {where} names no payload bucket", how)
    return bucket


def state_machines(client: "CloudFormationClient", names: Names) -> dict[str, str]:
    """Return the ARNs of the deployed state machines by the name of their workflow; empty if there are none.

    The project's workflows come first, then those of DAG files.
    """
    stacks = _stacks(client, names)
    stacks.sort(key=lambda stack: (stack["StackName"] != names.workflows_stack, stack["StackName"]))
    arns = [arn for stack in stacks for key, arn in sorted(_outputs(stack).items()) if key.endswith(_ARN_OUTPUT)]
    return {names.owner(arn.rpartition(":")[2]): arn for arn in arns}


def deployed_queues(client: "CloudFormationClient", names: Names) -> frozenset[str]:
    """Return the names of the queues that the stacks of a deployment hold.

    The names alone do not tell: those of one environment may begin like those of another.
    """
    paginator = client.get_paginator("list_stack_resources")
    return frozenset(
        resource["PhysicalResourceId"].rpartition("/")[2]
        for stack in _stacks(client, names)
        for page in paginator.paginate(StackName=stack["StackName"])
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::SQS::Queue" and resource.get("PhysicalResourceId")
    )


def stack_outputs(client: "CloudFormationClient", stack: str) -> Mapping[str, str] | None:
    """Return the outputs of a stack by key; None if there is no such stack."""
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return _outputs(found[0]) if found else None


def _stacks(client: "CloudFormationClient", names: Names) -> "list[StackTypeDef]":
    pages = client.get_paginator("describe_stacks").paginate()
    return [stack for page in pages for stack in page["Stacks"] if names.owns_stack(stack["StackName"])]


def _outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
