"""S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from stepweave.local_cloud.permissions.actions.table import Access, Call, ServiceTable, some, use_of_key

_OBJECT_ACTIONS: Final = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "GetObject": "GetObject",
    "GetObjectAcl": "GetObjectAcl",
    "GetObjectLegalHold": "GetObjectLegalHold",
    "GetObjectRetention": "GetObjectRetention",
    "GetObjectTagging": "GetObjectTagging",
    "GetObjectTorrent": "GetObjectTorrent",
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "PutObject": "PutObject",
    "PutObjectAcl": "PutObjectAcl",
    "PutObjectLegalHold": "PutObjectLegalHold",
    "PutObjectRetention": "PutObjectRetention",
    "PutObjectTagging": "PutObjectTagging",
    "RestoreObject": "RestoreObject",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
_VERSIONED: Final = {
    "GetObject",
    "DeleteObject",
    "GetObjectAcl",
    "PutObjectAcl",
    "GetObjectTagging",
    "PutObjectTagging",
    "DeleteObjectTagging",
    "GetObjectTorrent",
}
_BUCKET_ACTIONS: Final = {
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_READS: Final = frozenset({"GetObject", "HeadObject", "SelectObjectContent", "GetObjectAttributes"})
_WRITES: Final = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"})
_PARTS: Final = frozenset({"CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})
_WITH_WRITE: Final = {
    "Tagging": "PutObjectTagging",
    "ACL": "PutObjectAcl",
    "ObjectLockMode": "PutObjectRetention",
    "ObjectLockLegalHoldStatus": "PutObjectLegalHold",
}


def bucket_arn(call: Call) -> str:
    """Return the ARN of the bucket that a call is about."""
    return f"arn:aws:s3:::{call.text('Bucket')}"


def _object_arn(call: Call, key: str = "") -> str:
    return f"{bucket_arn(call)}/{key or call.text('Key')}"


def _of_object(call: Call) -> Iterator[Access]:
    action = _OBJECT_ACTIONS[call.operation]
    yield _access(call, action, _object_arn(call), call.text("VersionId"))
    yield from _beside(call)


def _access(call: Call, action: str, arn: str, version: str = "", item: str = "") -> Access:
    if version and action in _VERSIONED:
        action = action.replace("Tagging", "VersionTagging") if "Tagging" in action else _versioned(action)
    return Access(f"s3:{action}", arn, {**_keys(call), **some(s3__versionid=version)}, item)


def _versioned(action: str) -> str:
    for ending in ("Acl", "Torrent", ""):
        if action.endswith(ending):
            return f"{action.removesuffix(ending)}Version{ending}"
    return action


def _beside(call: Call) -> Iterator[Access]:
    """Give what a call needs beside its own action: the key of an object, and what it sets along the way."""
    arn = _object_arn(call)
    if call.operation in _WRITES:
        for name, action in _WITH_WRITE.items():
            if call.text(name):
                yield Access(f"s3:{action}", arn, _keys(call))
        asked = call.text("SSEKMSKeyId")
        is_kms = call.text("ServerSideEncryption").startswith("aws:kms") or not call.text("ServerSideEncryption")
        key = call.stored.key_arn(asked) if asked else call.stored.encryption_key(bucket_arn(call)) if is_kms else None
        actions = ("GenerateDataKey", "Decrypt") if call.operation in _PARTS else ("GenerateDataKey",)
        yield from use_of_key(call, key, *actions, context={"aws:s3:arn": arn})
    elif call.operation in _READS:
        yield from use_of_key(call, call.stored.encryption_key(arn), "Decrypt", context={"aws:s3:arn": arn})


def _copy(call: Call) -> Iterator[Access]:
    source, _, version = unquote(call.text("CopySource")).removeprefix("/").partition("?versionId=")
    arn = source if source.startswith("arn:") else f"arn:aws:s3:::{source}"
    yield _access(call, "GetObject", arn, version)
    if call.operation == "CopyObject" and call.text("TaggingDirective") != "REPLACE" and call.stored.is_tagged(arn):
        yield _access(call, "GetObjectTagging", arn, version)
        yield Access("s3:PutObjectTagging", _object_arn(call), _keys(call))
    yield Access("s3:PutObject", _object_arn(call), _keys(call))
    yield from use_of_key(call, call.stored.encryption_key(arn), "Decrypt", context={"aws:s3:arn": arn})
    yield from _beside(call)


def _delete_many(call: Call) -> Iterator[Access]:
    for one in (call.parameters.get("Delete") or {}).get("Objects", ()):
        key = one["Key"]
        yield _access(call, "DeleteObject", _object_arn(call, key), one.get("VersionId", ""), item=key)


def _attributes(call: Call) -> Iterator[Access]:
    version = "Version" if call.text("VersionId") else ""
    for action in (f"GetObject{version}", f"GetObject{version}Attributes"):
        yield Access(f"s3:{action}", _object_arn(call), _keys(call))
    yield from _beside(call)


def _keys(call: Call) -> Mapping[str, tuple[str, ...]]:
    parameters: Mapping[str, Any] = call.parameters
    fields = {
        "s3:prefix": parameters.get("Prefix", "" if call.operation.startswith("ListObject") else None),
        "s3:delimiter": parameters.get("Delimiter"),
        "s3:max-keys": parameters.get("MaxKeys"),
        "s3:x-amz-acl": parameters.get("ACL"),
        "s3:x-amz-copy-source": parameters.get("CopySource"),
        "s3:x-amz-metadata-directive": parameters.get("MetadataDirective"),
        "s3:x-amz-server-side-encryption": parameters.get("ServerSideEncryption"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": parameters.get("SSEKMSKeyId"),
        "s3:x-amz-storage-class": parameters.get("StorageClass"),
        "s3:tlsversion": "1.3",
        "s3:authtype": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:resourceaccount": call.account,
    }
    return {name: (str(value),) for name, value in fields.items() if value is not None}


S3: Final = ServiceTable(
    "s3",
    bucket_arn,
    _BUCKET_ACTIONS,
    frozenset({"ListBuckets"}),
    {
        **dict.fromkeys(_OBJECT_ACTIONS, _of_object),
        "CopyObject": _copy,
        "UploadPartCopy": _copy,
        "DeleteObjects": _delete_many,
        "GetObjectAttributes": _attributes,
    },
    _keys,
)
