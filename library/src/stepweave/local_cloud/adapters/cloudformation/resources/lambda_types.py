"""Types of AWS Lambda."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.api_shapes import is_function
from stepweave.local_cloud.adapters.cloudformation.resource_type import (
    Properties,
    RefusedError,
    Request,
    Resource,
)

_PYTHON: Final = re.compile(r"python3\.\d+")
_DATE: Final = (2020, 1, 1, 0, 0, 0)  # the same code makes the same archive
_RESPONSE_MODULE: Final = Path(__file__).parent.parent / "inline_modules" / "cfnresponse.py"


def inline_archive(code: str) -> bytes:
    """Return the archive that CloudFormation makes of inline code: beside it is the module ``cfnresponse``."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in (("index.py", code), ("cfnresponse.py", _RESPONSE_MODULE.read_text())):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, text)
    return archive.getvalue()


def check_runtime(properties: Properties) -> None:
    """Raise `RefusedError` if functions with such properties cannot be run."""
    if properties.get("PackageType") == "Image" or "ImageUri" in (properties.get("Code") or {}):
        raise RefusedError("the local cloud runs no container images")
    runtime = properties.get("Runtime")
    if isinstance(runtime, str) and not _PYTHON.fullmatch(runtime):
        raise RefusedError(f"the local cloud runs Python only, not {runtime}")


def _function(properties: dict[str, Any]) -> dict[str, Any]:
    code = properties.get("Code")
    if isinstance(code, dict) and isinstance(code.get("ZipFile"), str):
        properties = {**properties, "Code": {"ZipFile": inline_archive(code["ZipFile"])}}
    return properties


def _configure(request: Request, name: str, before: Properties) -> None:
    client, after, setting = request.client("lambda"), request.properties, "ReservedConcurrentExecutions"
    if before.get(setting) != after.get(setting):
        if setting in after:
            client.put_function_concurrency(FunctionName=name, **{setting: int(after[setting])})
        else:
            client.delete_function_concurrency(FunctionName=name)
    if before and before.get("Code") != after.get("Code"):
        client.update_function_code(FunctionName=name, **_function(dict(after))["Code"])
    if before and before.get("Tags") != after.get("Tags"):
        arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
        tags, former = ({tag["Key"]: tag["Value"] for tag in of.get("Tags", [])} for of in (after, before))
        if gone := sorted(former.keys() - tags.keys()):
            client.untag_resource(Resource=arn, TagKeys=gone)
        if tags:
            client.tag_resource(Resource=arn, Tags=tags)


class _FunctionType(ApiType):
    """Functions, of the runtimes that there are."""

    def check(self, properties: Properties) -> None:
        """Refuse other runtimes."""
        super().check(properties)
        check_runtime(properties)


class _VersionType(ApiType):
    """Versions: to publish what was published already gives that version again, as on AWS."""

    def create(self, request: Request) -> Resource:
        """Publish one."""
        made = super().create(request)
        arn, _, version = made.physical_id.rpartition(":")
        if not version.isdigit():
            raise RefusedError(f"{arn}:{version} is no version")
        return made


def _version_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def _alias(properties: dict[str, Any]) -> dict[str, Any]:
    routing = properties.get("RoutingConfig")
    if isinstance(routing, dict) and "AdditionalVersionWeights" in routing:
        weights = routing["AdditionalVersionWeights"]
        if isinstance(weights, list):
            found = {item["FunctionVersion"]: item["FunctionWeight"] for item in weights if not is_function(item)}
            properties = {**properties, "RoutingConfig": {"AdditionalVersionWeights": found}}
    return properties


_KEPT_BY_UPDATES: Final[dict[str, Any]] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}

TYPES: Final[tuple[ApiType, ...]] = (
    _FunctionType(
        name="AWS::Lambda::Function",
        service="lambda",
        create_operation="create_function",
        update_operation="update_function_configuration",
        delete_operation="delete_function",
        identity="FunctionName",
        key="FunctionName",
        named_by="FunctionName",
        replaces=frozenset({"PackageType"}),
        read="get_function_configuration",
        attributes={"Arn": "FunctionArn"},
        applied=frozenset({"ReservedConcurrentExecutions"}),
        changes_by_apply=frozenset({"Code", "Tags"}),
        passes=frozenset({"RecursiveLoop", "RuntimeManagementConfig", "SnapStart", "VpcConfig"}),
        refuses=frozenset({"CodeSigningConfigArn", "FileSystemConfigs", "ImageConfig", "DurableConfig"}),
        adjust=_function,
        apply=_configure,
        required=frozenset({"Code", "Role"}),
        defaults=_KEPT_BY_UPDATES,
    ),
    _VersionType(
        name="AWS::Lambda::Version",
        service="lambda",
        create_operation="publish_version",
        delete_operation="delete_function",
        identity="FunctionArn",
        key="FunctionName",
        replaces=frozenset({"FunctionName", "CodeSha256", "Description"}),
        passes=frozenset({"RuntimePolicy"}),
        refuses=frozenset({"ProvisionedConcurrencyConfig"}),
        attributes={"FunctionArn": itself, "Version": _version_of},
    ),
    ApiType(
        name="AWS::Lambda::Alias",
        service="lambda",
        create_operation="create_alias",
        update_operation="update_alias",
        delete_operation="delete_alias",
        identity="AliasArn",
        known_by=lambda arn: {"FunctionName": arn.split(":")[-2], "Name": arn.split(":")[-1]},
        replaces=frozenset({"FunctionName", "Name"}),
        passes=frozenset({"ProvisionedConcurrencyConfig"}),
        attributes={"AliasArn": itself},
        adjust=_alias,
        defaults={"RoutingConfig": {"AdditionalVersionWeights": {}}},
    ),
    ApiType(
        name="AWS::Lambda::Permission",
        service="lambda",
        create_operation="add_permission",
        delete_operation="remove_permission",
        identity="=StatementId",
        named_by="StatementId",
        name_limit=100,
        key="StatementId",
        keys={"FunctionName": "FunctionName"},
        attributes={"Id": itself},
    ),
    ApiType(
        name="AWS::Lambda::LayerVersion",
        service="lambda",
        create_operation="publish_layer_version",
        delete_operation="delete_layer_version",
        identity="LayerVersionArn",
        known_by=lambda arn: {"LayerName": arn.split(":")[-2], "VersionNumber": int(arn.split(":")[-1])},
        named_by="LayerName",
        attributes={"LayerVersionArn": itself},
    ),
    ApiType(
        name="AWS::Lambda::LayerVersionPermission",
        service="lambda",
        applied=frozenset({"Action", "LayerVersionArn", "OrganizationId", "Principal"}),
        attributes={"Id": itself},
    ),
    ApiType(
        name="AWS::Lambda::EventInvokeConfig",
        service="lambda",
        create_operation="put_function_event_invoke_config",
        delete_operation="delete_function_event_invoke_config",
        update_too=True,
        key="FunctionName",
        keys={"FunctionName": "FunctionName", "Qualifier": "Qualifier"},
        replaces=frozenset({"FunctionName", "Qualifier"}),
    ),
    ApiType(
        name="AWS::Lambda::EventSourceMapping",
        service="lambda",
        create_operation="create_event_source_mapping",
        update_operation="update_event_source_mapping",
        delete_operation="delete_event_source_mapping",
        identity="UUID",
        key="UUID",
        replaces=frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"}),
        attributes={"Id": itself, "EventSourceMappingArn": "EventSourceMappingArn"},
        read="get_event_source_mapping",
        defaults={"Enabled": True, "FilterCriteria": {}, "FunctionResponseTypes": [], "ScalingConfig": {}},
    ),
    ApiType(
        name="AWS::Lambda::Url",
        service="lambda",
        create_operation="create_function_url_config",
        update_operation="update_function_url_config",
        delete_operation="delete_function_url_config",
        identity="FunctionArn",
        key="FunctionName",
        keys={"FunctionName": "TargetFunctionArn", "Qualifier": "Qualifier"},
        renames={"TargetFunctionArn": "FunctionName"},
        replaces=frozenset({"Qualifier", "TargetFunctionArn"}),
        read="get_function_url_config",
        attributes={"FunctionArn": itself, "FunctionUrl": "FunctionUrl"},
    ),
)
