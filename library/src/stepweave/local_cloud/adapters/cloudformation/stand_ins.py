"""What the CDK's own custom resources do, natively: their functions run on Node.js, or call the AWS CLI.

On AWS they are functions in the template like any other. They stay in it, and are never called.
"""

from __future__ import annotations

import fnmatch
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from botocore import xform_name

from stepweave.local_cloud.adapters.cloudformation.api_resource import input_shape
from stepweave.local_cloud.adapters.cloudformation.api_shapes import api_parameters
from stepweave.local_cloud.adapters.cloudformation.custom_resources import CustomResourceError, StandIn
from stepweave.local_cloud.adapters.cloudformation.intrinsic_functions import as_text
from stepweave.local_cloud.adapters.cloudformation.resource_type import Request
from stepweave.local_cloud.adapters.cloudformation.template import Template

_POLL_SECONDS: Final = 0.2
_COMPLETE_SECONDS: Final = 1800.0
_AUTO_DELETE_TAG: Final = "aws-cdk:auto-delete-objects"
_FRAMEWORK: Final = "framework."
_FAILED: Final = "Received response status [FAILED] from custom resource. Message returned: "
_OWN_ID: Final = "PHYSICAL:RESOURCEID:"

_SERVICES: Final = {
    "cloudwatch-logs": "logs",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "secrets-manager": "secretsmanager",
    "sfn": "stepfunctions",
}
"""What the SDK for JavaScript calls otherwise."""

Event = Mapping[str, Any]
Answer = tuple[str, dict[str, Any]]


class _AutoDeleteObjects:
    """Empties a bucket before it is removed."""

    def handle(self, event: Event, request: Request) -> Answer:
        bucket = event["ResourceProperties"]["BucketName"]
        if event["RequestType"] == "Delete":
            client = request.client("s3")
            with suppress(client.exceptions.ClientError):  # the bucket or its tags are gone
                tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
                if {"Key": _AUTO_DELETE_TAG, "Value": "true"} in tags:
                    _empty(client, bucket)
        return bucket, {}


class _LogRetention:
    """Makes a log group, if need be, and sets how long it keeps what it has."""

    def handle(self, event: Event, request: Request) -> Answer:
        client, properties = request.client("logs"), event["ResourceProperties"]
        group = properties["LogGroupName"]
        if event["RequestType"] == "Delete":
            if properties.get("RemovalPolicy") == "destroy":
                with suppress(client.exceptions.ResourceNotFoundException):
                    client.delete_log_group(logGroupName=group)
            return group, {}
        with suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_group(logGroupName=group)
        if days := properties.get("RetentionInDays"):
            client.put_retention_policy(logGroupName=group, retentionInDays=int(days))
        else:
            client.delete_retention_policy(logGroupName=group)
        return group, {"LogGroupName": group}


class _BucketDeployment:
    """Puts the contents of archives into a bucket."""

    def handle(self, event: Event, request: Request) -> Answer:
        client, properties = request.client("s3"), event["ResourceProperties"]
        bucket = properties["DestinationBucketName"]
        prefix = properties.get("DestinationBucketKeyPrefix", "").strip("/")
        prefix = f"{prefix}/" if prefix else ""
        physical_id = event.get("PhysicalResourceId") or f"aws.cdk.s3deployment.{event['RequestId']}"
        if event["RequestType"] == "Delete":
            if properties.get("RetainOnDelete", "true") != "true":
                with suppress(client.exceptions.ClientError):  # the bucket is gone
                    _empty(client, bucket, prefix)
            return physical_id, {}
        wanted = self._contents(client, properties)
        wanted = {name: body for name, body in wanted.items() if self._is_included(name, properties)}
        settings = {_camel(name): value for name, value in properties.get("SystemMetadata", {}).items()} | (
            {"Metadata": properties["UserMetadata"]} if "UserMetadata" in properties else {}
        )
        for name, body in wanted.items():
            client.put_object(Bucket=bucket, Key=prefix + name, Body=body, **settings)
        if properties.get("Prune", "true") == "true":
            for key in list(_keys(client, bucket, prefix)):
                name = key.removeprefix(prefix)
                if name not in wanted and self._is_included(name, properties):
                    client.delete_object(Bucket=bucket, Key=key)
        return physical_id, {
            "DestinationBucketArn": properties.get("DestinationBucketArn", f"arn:aws:s3:::{bucket}"),
            "SourceObjectKeys": properties["SourceObjectKeys"],
        }

    def _contents(self, client: Any, properties: Mapping[str, Any]) -> dict[str, bytes]:
        names, keys = properties["SourceBucketNames"], properties["SourceObjectKeys"]
        markers = properties.get("SourceMarkers") or [{}] * len(names)
        found: dict[str, bytes] = {}
        for bucket, key, marked in zip(names, keys, markers, strict=True):
            body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            if properties.get("Extract", "true") != "true":
                found[key.rpartition("/")[2]] = body
                continue
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                for entry in archive.infolist():
                    if not entry.is_dir():
                        found[entry.filename] = _marked(archive.read(entry), marked)
        return found

    @staticmethod
    def _is_included(name: str, properties: Mapping[str, Any]) -> bool:
        if any(fnmatch.fnmatch(name, pattern) for pattern in properties.get("Include", [])):
            return True
        return not any(fnmatch.fnmatch(name, pattern) for pattern in properties.get("Exclude", []))


class _AwsCall:
    """Calls an operation of AWS that the template names (``AwsCustomResource``)."""

    def handle(self, event: Event, request: Request) -> Answer:
        kind, properties = event["RequestType"], event["ResourceProperties"]
        physical_id = event.get("PhysicalResourceId", event["LogicalResourceId"])
        if kind not in properties:
            return physical_id, {}
        call = json.loads(properties[kind])
        answer = self._call(call, physical_id, request)
        flat = dict(_flat(answer))
        given = call.get("physicalResourceId") or {}
        if "id" in given:
            physical_id = given["id"]
        elif "responsePath" in given:
            physical_id = as_text(flat.get(given["responsePath"], physical_id))
        paths = call.get("outputPaths") or ([call["outputPath"]] if call.get("outputPath") else None)
        if paths:
            flat = {name: value for name, value in flat.items() if name.startswith(tuple(paths))}
        return physical_id, flat

    @staticmethod
    def _call(call: Mapping[str, Any], physical_id: str, request: Request) -> Any:
        service = re.sub(r"^@aws-sdk/client-", "", call["service"]).lower().replace(" ", "")
        service = {
            "cloudwatchlogs": "logs",
            "eventbridge": "events",
            "cloudwatch-logs": "logs",
            "sfn": "stepfunctions",
        }.get(service, service)
        operation = xform_name(call["action"].removesuffix("Command"))
        given = json.loads(json.dumps(call.get("parameters") or {}).replace(_OWN_ID, physical_id))
        client = request.client(service)
        try:
            parameters = api_parameters(given, input_shape(service, operation))
            answer = dict(getattr(client, operation)(**parameters))
        except client.exceptions.ClientError as error:
            if re.search(call.get("ignoreErrorCodesMatching") or "(?!)", error.response["Error"]["Code"]):
                return {}
            raise CustomResourceError(
                f"Received response status [FAILED] from custom resource. Message returned: {error}"
            ) from error
        answer.pop("ResponseMetadata", None)
        return answer


class _ProviderFramework:
    """Calls the functions that a ``custom_resources.Provider`` was given."""

    def handle(self, event: Event, request: Request) -> Answer:
        client = request.client("lambda")
        configuration = client.get_function_configuration(FunctionName=event["ServiceToken"])
        functions = configuration["Environment"]["Variables"]
        answer = self._invoke(client, functions["USER_ON_EVENT_FUNCTION_ARN"], event)
        first = event["RequestId"] if event["RequestType"] == "Create" else event["PhysicalResourceId"]
        answer = {"PhysicalResourceId": first, **answer}
        physical_id, data = answer["PhysicalResourceId"], dict(answer.get("Data") or {})
        until = time.monotonic() + _COMPLETE_SECONDS
        while "USER_IS_COMPLETE_FUNCTION_ARN" in functions:
            state = self._invoke(client, functions["USER_IS_COMPLETE_FUNCTION_ARN"], {**event, **answer})
            if state.get("IsComplete"):
                data |= state.get("Data") or {}
                break
            if time.monotonic() > until:
                raise CustomResourceError("Operation timed out", physical_id)
            time.sleep(_POLL_SECONDS)
        return physical_id, data

    @staticmethod
    def _invoke(client: Any, function: str, event: Event) -> dict[str, Any]:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            error = payload if isinstance(payload, dict) else {}
            raise CustomResourceError(f"{_FAILED}Error: {error.get('errorMessage', payload)}")
        return payload or {}


_BY_FUNCTION: Final[dict[str, StandIn]] = {
    "CustomS3AutoDeleteObjectsCustomResourceProviderHandler": _AutoDeleteObjects(),
    "CustomCDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C": _BucketDeployment(),
    "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a": _LogRetention(),
    "AWS679f53fac002430cb0da5b7982bd2287": _AwsCall(),
}
"""By how the CDK calls the one function of a stack that serves all resources of the kind."""


def function_stand_in(logical_id: str, properties: Mapping[str, Any]) -> StandIn | None:
    """Return what does the work of a function of the CDK, or None if it is none of those."""
    if str(properties.get("Handler", "")).startswith(_FRAMEWORK):
        return _ProviderFramework()
    return next((stand_in for prefix, stand_in in _BY_FUNCTION.items() if logical_id.startswith(prefix)), None)


def resource_stand_in(properties: Mapping[str, Any], template: Template) -> StandIn | None:
    """Return what is asked instead of the function that a custom resource names, or None."""
    token = properties.get("ServiceToken")
    place = token.get("Fn::GetAtt") if isinstance(token, dict) else None
    name = place[0] if isinstance(place, list) else str(place).partition(".")[0]
    function = template["Resources"].get(name, {})
    return function_stand_in(name, function.get("Properties") or {})


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"]


def _empty(client: Any, bucket: str, prefix: str = "") -> None:
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    for key in list(_keys(client, bucket, prefix)):
        client.delete_object(Bucket=bucket, Key=key)


def _marked(content: bytes, markers: Mapping[str, str]) -> bytes:
    for marker, value in markers.items():
        content = content.replace(marker.encode(), value.encode())
    return content


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the scalars of an answer by their paths, ``Parameter.Value``."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        content = value.read() if hasattr(value, "read") else value
        yield path, content.decode() if isinstance(content, bytes) else content
        return
    for key, item in items:
        yield from _flat(item, f"{path}.{key}" if path else str(key))
