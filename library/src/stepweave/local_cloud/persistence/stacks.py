"""Keeps stacks by their templates. What they made is made anew, under the same names."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3

from stepweave.local_cloud.adapters.patch import replaced
from stepweave.local_cloud.persistence.loaded_services import is_loaded
from stepweave.local_cloud.persistence.snapshot_file import SnapshotError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

_LIVING: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "UPDATE_ROLLBACK_FAILED"}
)
_SUFFIX: Final = re.compile(r"-([0-9A-Za-z]{12})$")
_POLL_SECONDS: Final = 0.05
_CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


def read_stacks(session: boto3.Session) -> dict[str, Any]:
    """Return what it takes to create the stacks anew, in the order in which they were created."""
    if not is_loaded("cloudformation"):
        return {}
    client: CloudFormationClient = session.client("cloudformation")
    pages = client.get_paginator("describe_stacks").paginate()
    stacks = [stack for page in pages for stack in page["Stacks"] if stack["StackStatus"] in _LIVING]
    return {stack["StackName"]: _read(client, stack) for stack in sorted(stacks, key=lambda one: one["CreationTime"])}


def restore_stacks(
    session: boto3.Session, stacks: Mapping[str, Any], on_created: Callable[[], None] = lambda: None
) -> None:
    """Create stacks anew.

    Parameters
    ----------
    session
        Whose CloudFormation takes them.
    stacks
        What `read_stacks` returned.
    on_created
        Called when one of them is there, before the next one is created.

    Raises
    ------
    SnapshotError
        If one cannot be created.
    """
    if not stacks:
        return
    client: CloudFormationClient = session.client("cloudformation")
    suffixes = {
        (name, logical): found for name, stack in stacks.items() for logical, found in stack["suffixes"].items()
    }
    with same_names(suffixes):
        for name, stack in stacks.items():
            client.create_stack(
                StackName=name,
                TemplateBody=stack["template"],
                Parameters=stack["parameters"],
                Tags=stack["tags"],
                Capabilities=list(_CAPABILITIES),
            )
            while (status := _status(client, name)).endswith("IN_PROGRESS"):
                time.sleep(_POLL_SECONDS)
            if status != "CREATE_COMPLETE":
                events = client.describe_stack_events(StackName=name)["StackEvents"]
                reasons = [
                    event["ResourceStatusReason"]
                    for event in events
                    if event.get("ResourceStatus", "").endswith("_FAILED") and event.get("ResourceStatusReason")
                ]
                raise SnapshotError(f"stack {name} could not be restored: {'; '.join(reasons) or status}")
            on_created()


def owned_by_stacks(session: boto3.Session, kind: str) -> set[str]:
    """Return the physical ids of the stacks' resources of a type, such as ``AWS::S3::Bucket``."""
    if not is_loaded("cloudformation"):
        return set()
    client: CloudFormationClient = session.client("cloudformation")
    names = [
        stack["StackName"] for page in client.get_paginator("describe_stacks").paginate() for stack in page["Stacks"]
    ]
    return {
        resource.get("PhysicalResourceId", "")
        for name in names
        for page in client.get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == kind
    }


def _read(client: CloudFormationClient, stack: StackTypeDef) -> dict[str, Any]:
    name = stack["StackName"]
    template = client.get_template(StackName=name)["TemplateBody"]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    suffixes = {one["LogicalResourceId"]: _SUFFIX.search(one.get("PhysicalResourceId", "")) for one in resources}
    text = template if isinstance(template, str) else json.dumps(template)
    looked_up = _looked_up(text)
    return {
        "template": text,
        "parameters": [
            {"ParameterKey": one["ParameterKey"], "ParameterValue": one.get("ParameterValue", "")}
            for one in stack.get("Parameters", [])
            if one["ParameterKey"] not in looked_up
        ],
        "tags": [dict(tag) for tag in stack.get("Tags", [])],
        "suffixes": {logical: found[1] for logical, found in suffixes.items() if found},
    }


def _looked_up(template: str) -> set[str]:
    """Return the parameters that name an SSM parameter by default: moto tells what was read there, not the name."""
    try:
        parameters = json.loads(template).get("Parameters", {})
    except ValueError:
        return set()  # YAML, which the CDK does not write
    return {
        name
        for name, declared in parameters.items()
        if declared["Type"].startswith("AWS::SSM::Parameter::Value<") and "Default" in declared
    }


def _status(client: CloudFormationClient, name: str) -> str:
    return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


@contextmanager
def same_names(suffixes: Mapping[tuple[str, str], str]) -> Iterator[None]:
    """Give resources that have no name of their own the one that they had."""
    from moto.cloudformation import parsing  # noqa: PLC0415 - takes seconds to import

    upstream = parsing.generate_resource_name

    def generate_resource_name(resource_type: str, stack_name: str, logical_id: str) -> str:
        made: str = upstream(resource_type, stack_name, logical_id)
        suffix = suffixes.get((stack_name, logical_id))
        return made if suffix is None else f"{made[: -len(suffix)]}{suffix}"

    with replaced(parsing, "generate_resource_name", generate_resource_name):
        yield
