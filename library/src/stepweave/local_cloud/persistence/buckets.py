"""Keeps buckets and the latest version of their objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from stepweave.local_cloud.persistence.snapshot_file import KeptObject, SnapshotFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_ABOUT: Final = ("ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition", "CacheControl", "Metadata")


def save_objects(session: boto3.Session, snapshot: SnapshotFile) -> list[str]:
    """Keep the objects that have changed, forget those that are gone, and return the names of all buckets."""
    s3 = _client(session)
    buckets = sorted(existing_buckets(session))
    before = snapshot.versions()
    now = {
        (bucket, item["Key"]): f"{item['ETag']} {item['LastModified'].isoformat()}"
        for bucket in buckets
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    }
    for (bucket, key), version in now.items():
        if before.get((bucket, key)) == version:
            continue
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
        except s3.exceptions.NoSuchKey:
            continue  # somebody removed it meanwhile
        with found["Body"] as body:
            snapshot.put(KeptObject(bucket, key, version, _about(found), body.read()))
    for bucket, key in before.keys() - now.keys():
        snapshot.remove(bucket, key)
    return buckets


def existing_buckets(session: boto3.Session) -> set[str]:
    """Return the names of all buckets."""
    return {bucket["Name"] for bucket in _client(session).list_buckets()["Buckets"]}


def restore_buckets(session: boto3.Session, buckets: Iterable[str]) -> None:
    """Create buckets, but for those that are there."""
    s3 = _client(session)
    for bucket in set(buckets) - existing_buckets(session):
        s3.create_bucket(Bucket=bucket)


def restore_objects(session: boto3.Session, objects: Iterable[KeptObject], buckets: Collection[str]) -> None:
    """Put objects into some buckets."""
    s3 = _client(session)
    for kept in objects:
        if kept.bucket in buckets:
            s3.put_object(Bucket=kept.bucket, Key=kept.key, Body=kept.body, **kept.about)


def _client(session: boto3.Session) -> S3Client:
    client: S3Client = session.client("s3", config=Config(request_checksum_calculation="when_required"))
    return client


def _about(found: GetObjectOutputTypeDef) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name in _ABOUT and value}
