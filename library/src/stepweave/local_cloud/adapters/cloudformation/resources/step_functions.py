"""Types of AWS Step Functions."""

from __future__ import annotations

import json
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Request, Resource


def substitute(definition: str, substitutions: dict[str, Any]) -> str:
    """Put the values of ``DefinitionSubstitutions`` where the definition says ``${name}``.

    A ``${...}`` that names no substitution stays as it is, as on AWS.
    """
    for name, value in substitutions.items():
        definition = definition.replace("${" + name + "}", as_text(value))
    return definition


_DEFINITIONS: Final = ("Definition", "DefinitionString", "DefinitionS3Location")


class _StateMachineType(ApiType):
    """State machines: their definition may be an object, in a bucket, and have substitutions."""

    def create(self, request: Request) -> Resource:
        """Make one."""
        return super().create(_with_definition(request))

    def update(self, request: Request, current: Resource) -> Resource:
        """Change one, and what it no longer has: no configuration is none, not the one before."""
        return super().update(_with_definition(request), current)


def _with_definition(request: Request) -> Request:
    properties = dict(request.properties)
    substitutions = properties.pop("DefinitionSubstitutions", {})
    if "DefinitionS3Location" in properties:
        place = properties.pop("DefinitionS3Location")
        version = {"VersionId": place["Version"]} if "Version" in place else {}
        found = request.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
        text = found["Body"].read().decode()
    else:
        given = properties.pop("DefinitionString", None) or properties.pop("Definition", {})
        text = given if isinstance(given, str) else json.dumps(given)
    properties["Definition"] = substitute(text, substitutions)
    return Request(**{**vars(request), "properties": properties})


def _machine(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties with the one definition that there is, wherever it is."""
    given = [properties[name] for name in _DEFINITIONS if name in properties]
    rest = {name: value for name, value in properties.items() if name not in (*_DEFINITIONS, "DefinitionSubstitutions")}
    return {**rest, **({"Definition": given[0]} if given else {})}


def _deployment(properties: dict[str, Any]) -> dict[str, Any]:
    preference = properties.pop("DeploymentPreference", None)
    if isinstance(preference, dict) and "StateMachineVersionArn" in preference:
        route = {"StateMachineVersionArn": preference["StateMachineVersionArn"], "Weight": 100}
        return {**properties, "RoutingConfiguration": [route]}
    return properties


TYPES: Final[tuple[ApiType, ...]] = (
    _StateMachineType(
        name="AWS::StepFunctions::StateMachine",
        service="stepfunctions",
        create_operation="create_state_machine",
        update_operation="update_state_machine",
        delete_operation="delete_state_machine",
        identity="stateMachineArn",
        key="stateMachineArn",
        named_by="StateMachineName",
        name_limit=80,
        renames={
            "StateMachineName": "name",
            "StateMachineType": "type",
        },
        replaces=frozenset({"StateMachineType"}),
        adjust=_machine,
        read="describe_state_machine",
        attributes={"Arn": itself, "Name": "name", "StateMachineRevisionId": "revisionId"},
        defaults={
            "LoggingConfiguration": {"level": "OFF", "includeExecutionData": False, "destinations": []},
            "TracingConfiguration": {"enabled": False},
        },
    ),
    ApiType(
        name="AWS::StepFunctions::Activity",
        service="stepfunctions",
        create_operation="create_activity",
        delete_operation="delete_activity",
        identity="activityArn",
        key="activityArn",
        named_by="Name",
        attributes={"Arn": itself, "Name": lambda arn: arn.rpartition(":")[2]},
    ),
    ApiType(
        name="AWS::StepFunctions::StateMachineVersion",
        service="stepfunctions",
        create_operation="publish_state_machine_version",
        delete_operation="delete_state_machine_version",
        identity="stateMachineVersionArn",
        key="stateMachineVersionArn",
        renames={"StateMachineRevisionId": "revisionId"},
        attributes={"Arn": itself},
    ),
    ApiType(
        name="AWS::StepFunctions::StateMachineAlias",
        service="stepfunctions",
        create_operation="create_state_machine_alias",
        update_operation="update_state_machine_alias",
        delete_operation="delete_state_machine_alias",
        identity="stateMachineAliasArn",
        key="stateMachineAliasArn",
        named_by="Name",
        adjust=_deployment,
        attributes={"Arn": itself},
    ),
)
