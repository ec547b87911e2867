"""Put a stack's assets where its template looks for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from stepweave.local_cloud.archive import write_archive
from stepweave.local_cloud.assembly import FileAsset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_IN_MEMORY_BYTES: Final = 64 * 1024 * 1024


def publish_assets(session: boto3.Session, assets: Iterable[FileAsset]) -> int:
    """Put assets into their buckets, which are created if they do not exist.

    An asset's key holds the digest of its content, so what is there already is not sent again.

    Returns
    -------
    int
        How many were sent.
    """
    s3: S3Client = session.client("s3", config=Config(request_checksum_calculation="when_required"))
    known: dict[str, set[str]] = {}
    sent = 0
    for asset in assets:
        if asset.bucket not in known:
            known[asset.bucket] = _keys(s3, asset.bucket)
        if asset.key not in known[asset.bucket]:
            _publish(s3, asset)
            known[asset.bucket].add(asset.key)
            sent += 1
    return sent


def _keys(s3: S3Client, bucket: str) -> set[str]:
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {item["Key"] for page in pages for item in page.get("Contents", [])}
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    s3.create_bucket(Bucket=bucket)
    return set()


def _publish(s3: S3Client, asset: FileAsset) -> None:
    if asset.packaging == "file":
        with asset.path.open("rb") as content:
            s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=content)
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as archive:
        write_archive(asset.path, archive)
        archive.seek(0)
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=archive, ContentType="application/zip")
