"""Types of Amazon S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from stepweave.local_cloud.adapters.cloudformation.api_resource import ApiType, itself
from stepweave.local_cloud.adapters.cloudformation.resource_type import Properties, Request

Setting = Callable[[Any], dict[str, Any]]


def _rules(value: Any) -> dict[str, Any]:
    return {"Rules": value["Rules"]}


def _cors(value: Any) -> dict[str, Any]:
    names = {"MaxAge": "MaxAgeSeconds", "Id": "ID", "ExposedHeaders": "ExposeHeaders"}
    rules = [{names.get(name, name): item for name, item in rule.items()} for rule in value["CorsRules"]]
    return {"CORSRules": [{**rule, **_number(rule, "MaxAgeSeconds")} for rule in rules]}


def _number(rule: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: int(rule[name])} if name in rule else {}


def _lifecycle(value: Any) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"ID": rule["Id"]} if "Id" in rule else {}
    found["Status"] = rule["Status"]
    found["Filter"] = {"Prefix": rule.get("Prefix", "")}
    expiration = {
        name: rule[given]
        for given, name in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if given in rule
    }
    if expiration:
        found["Expiration"] = {**expiration, **_number(expiration, "Days")}
    transitions = rule.get("Transitions") or ([rule["Transition"]] if "Transition" in rule else [])
    if transitions:
        found["Transitions"] = [
            {
                "StorageClass": item["StorageClass"],
                **({"Days": int(item["TransitionInDays"])} if "TransitionInDays" in item else {}),
                **({"Date": item["TransitionDate"]} if "TransitionDate" in item else {}),
            }
            for item in transitions
        ]
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "NoncurrentVersionExpirationInDays" in rule:
        found["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(rule["NoncurrentVersionExpirationInDays"])}
    if "NoncurrentVersionExpiration" in rule:
        found["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        }
    return found


def _notification(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for given, name, target, arn in (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
    ):
        if given in value:
            found[name] = [
                {
                    arn: item[target],
                    "Events": [item["Event"]],
                    **(
                        {"Filter": {"Key": {"FilterRules": item["Filter"]["S3Key"]["Rules"]}}}
                        if "Filter" in item
                        else {}
                    ),
                }
                for item in value[given]
            ]
    if "EventBridgeConfiguration" in value:
        found["EventBridgeConfiguration"] = {}
    return found


def _filter(item: dict[str, Any]) -> dict[str, Any]:
    return {"Filter": {"Key": {"FilterRules": item["Filter"]["S3Key"]["Rules"]}}} if "Filter" in item else {}


def _encryption(value: Any) -> dict[str, Any]:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = value["ServerSideEncryptionConfiguration"]
    return {"Rules": [{names.get(name, name): item for name, item in rule.items()} for rule in rules]}


def _website(value: Any) -> dict[str, Any]:
    found = {name: value[name] for name in ("RedirectAllRequestsTo", "RoutingRules") if name in value}
    if "IndexDocument" in value:
        found["IndexDocument"] = {"Suffix": value["IndexDocument"]}
    if "ErrorDocument" in value:
        found["ErrorDocument"] = {"Key": value["ErrorDocument"]}
    return found


def _as_is(value: Any) -> dict[str, Any]:
    return dict(value)


_SETTINGS: Final[dict[str, tuple[str, str, Setting, str | dict[str, Any]]]] = {
    "BucketEncryption": (
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
        "delete_bucket_encryption",
    ),
    "CorsConfiguration": ("put_bucket_cors", "CORSConfiguration", _cors, "delete_bucket_cors"),
    "LifecycleConfiguration": (
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        _lifecycle,
        "delete_bucket_lifecycle",
    ),
    "NotificationConfiguration": (
        "put_bucket_notification_configuration",
        "NotificationConfiguration",
        _notification,
        {},
    ),
    "OwnershipControls": (
        "put_bucket_ownership_controls",
        "OwnershipControls",
        _rules,
        "delete_bucket_ownership_controls",
    ),
    "PublicAccessBlockConfiguration": (
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        _as_is,
        "delete_public_access_block",
    ),
    "Tags": ("put_bucket_tagging", "Tagging", lambda value: {"TagSet": value}, "delete_bucket_tagging"),
    "VersioningConfiguration": (
        "put_bucket_versioning",
        "VersioningConfiguration",
        _as_is,
        {"Status": "Suspended"},
    ),
    "WebsiteConfiguration": ("put_bucket_website", "WebsiteConfiguration", _website, "delete_bucket_website"),
}
"""By property: the operation, its parameter, the parameter's value, and what takes it away again."""


def _configure(request: Request, bucket: str, before: Properties) -> None:
    client, after = request.client("s3"), request.properties
    for name, (operation, parameter, setting, removal) in _SETTINGS.items():
        if before.get(name) == after.get(name):
            continue
        if name in after:
            getattr(client, operation)(Bucket=bucket, **{parameter: setting(after[name])})
        elif isinstance(removal, str):
            getattr(client, removal)(Bucket=bucket)
        else:
            getattr(client, operation)(Bucket=bucket, **{parameter: removal})


def _set_policy(request: Request, bucket: str, before: Properties) -> None:
    if before.get("PolicyDocument") != request.properties["PolicyDocument"]:
        policy = json.dumps(request.properties["PolicyDocument"])
        request.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


TYPES: Final[tuple[ApiType, ...]] = (
    ApiType(
        name="AWS::S3::Bucket",
        service="s3",
        create_operation="create_bucket",
        delete_operation="delete_bucket",
        identity="=Bucket",
        key="Bucket",
        named_by="BucketName",
        name_limit=63,
        renames={"BucketName": "Bucket"},
        passes=frozenset({"AccessControl", "LoggingConfiguration", "ObjectLockEnabled", "MetricsConfigurations"}),
        applied=frozenset(_SETTINGS),
        attributes={
            "Arn": "arn:aws:s3:::{id}",
            "DomainName": "{id}.s3.amazonaws.com",
            "RegionalDomainName": "{id}.s3.{region}.amazonaws.com",
            "DualStackDomainName": "{id}.s3.dualstack.{region}.amazonaws.com",
            "WebsiteURL": "http://{id}.s3-website-{region}.amazonaws.com",
        },
        apply=_configure,
    ),
    ApiType(
        name="AWS::S3::BucketPolicy",
        service="s3",
        create_operation="get_bucket_location",
        delete_operation="delete_bucket_policy",
        identity="=Bucket",
        key="Bucket",
        replaces=frozenset({"Bucket"}),
        applied=frozenset({"PolicyDocument"}),
        required=frozenset({"PolicyDocument"}),
        apply=_set_policy,
        attributes={"Bucket": itself},
    ),
)
