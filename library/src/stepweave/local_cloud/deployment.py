"""Deploy the stacks of a cloud assembly with plain CloudFormation calls, and make sure that all of it is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stepweave.local_cloud.assembly import StackArtifact, read_assembly
from stepweave.local_cloud.bootstrap import ensure_bootstrapped, ensure_version
from stepweave.local_cloud.errors import DeploymentError
from stepweave.local_cloud.publication import publish_assets

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_COMPLETE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_NOT_WORTH_UPDATING: Final = frozenset({"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "CREATE_FAILED"})
_POLL_SECONDS: Final = 0.05


def deploy_assembly(session: boto3.Session, assembly: Path, on_progress: Callable[[str, str], object]) -> None:
    """Deploy a synthesized CDK app into a local cloud.

    Assets are published, stacks are created or updated in the order of their dependencies, and what has not changed is
    left alone. In the end every resource of every template exists.

    Parameters
    ----------
    session
        Whose CloudFormation takes the stacks.
    assembly
        The directory of the cloud assembly, usually ``cdk.out``.
    on_progress
        Called with a stack's name and ``deploying``, ``deployed`` or ``unchanged``.

    Raises
    ------
    AssemblyError
        If the assembly cannot be read.
    DeploymentError
        If a stack fails, or a resource of a template was not created.
    """
    stacks = read_assembly(assembly)
    cloudformation: CloudFormationClient = session.client("cloudformation")
    ensure_bootstrapped(session)
    for stack in stacks:
        try:
            ensure_version(session, stack.version_parameter)
            if _is_deployed(cloudformation, stack):
                on_progress(stack.name, "unchanged")
                continue
            on_progress(stack.name, "deploying")
            publish_assets(session, stack.assets)
            _deploy(cloudformation, stack)
            _verify(cloudformation, stack)
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(f"stack {stack.name} could not be deployed: {error}") from error
        on_progress(stack.name, "deployed")


def _status(cloudformation: CloudFormationClient, name: str) -> str | None:
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
    return None


def _is_deployed(cloudformation: CloudFormationClient, stack: StackArtifact) -> bool:
    if _status(cloudformation, stack.name) not in _COMPLETE:
        return False
    description = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
    deployed = {
        parameter["ParameterKey"]: parameter.get("ParameterValue", "")
        for parameter in description.get("Parameters", [])
        if parameter["ParameterKey"] in stack.parameters
    }
    if deployed != stack.parameters:
        return False
    body = cloudformation.get_template(StackName=stack.name)["TemplateBody"]
    return bool((json.loads(body) if isinstance(body, str) else body) == json.loads(stack.template))


def _deploy(cloudformation: CloudFormationClient, stack: StackArtifact) -> None:
    status = _status(cloudformation, stack.name)
    if status in _NOT_WORTH_UPDATING:
        cloudformation.delete_stack(StackName=stack.name)
        status = None
    operation = cloudformation.create_stack if status is None else cloudformation.update_stack
    operation(
        StackName=stack.name,
        TemplateBody=stack.template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()],
        Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
        Capabilities=list(_CAPABILITIES),
    )
    while (status := _status(cloudformation, stack.name) or "").endswith("IN_PROGRESS"):
        time.sleep(_POLL_SECONDS)
    if status not in _COMPLETE:
        raise DeploymentError(f"stack {stack.name} is {status}: {_reasons(cloudformation, stack.name)}")


def _reasons(cloudformation: CloudFormationClient, name: str) -> str:
    """Say what failed in the last operation on a stack."""
    reasons: list[str] = []
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
        if event.get("ResourceStatus", "").endswith("_FAILED") and event.get("ResourceStatusReason"):
            resource = event.get("LogicalResourceId", name)
            reasons.append(f"{resource} ({event.get('ResourceType')}): {event['ResourceStatusReason']}")
        if event.get("ResourceStatusReason") == "User Initiated":
            break
    return "; ".join(dict.fromkeys(reversed(reasons))) or "no reason was given"


def _verify(cloudformation: CloudFormationClient, stack: StackArtifact) -> None:
    """Make sure that every resource of the template exists, but those whose condition may be false."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    existing = {item["LogicalResourceId"] for page in pages for item in page["StackResourceSummaries"]}
    wanted = {
        name: resource["Type"]
        for name, resource in json.loads(stack.template)["Resources"].items()
        if "Condition" not in resource
    }
    missing = [f"{name} ({kind})" for name, kind in wanted.items() if name not in existing]
    if missing:
        raise DeploymentError(f"stack {stack.name} lacks {', '.join(missing)}: the local cloud did not create them")
