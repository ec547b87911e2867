"""Send a repository's archive to where agents read it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.shared.repository.contract import RepoRef
from scripts.repository.archive import RepositoryArchive
from scripts.repository.errors import RepositoryError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REUSED_FOR = timedelta(hours=12)
"""How old an archive that is there already may be. One that is older might expire during the review."""


def upload(s3_client: S3Client, bucket: str, archive: RepositoryArchive) -> RepoRef:
    """Put an archive into the payload bucket, unless it is there.

    Parameters
    ----------
    s3_client : S3Client
        The client to use.
    bucket : str
        The payload bucket.
    archive : RepositoryArchive
        What to send.

    Returns
    -------
    RepoRef
        What the workflow is given.

    Raises
    ------
    RepositoryError
        If it cannot be sent.
    """
    key = f"repositories/{archive.sha256}.tar.gz"
    checksum = base64.b64encode(bytes.fromhex(archive.sha256)).decode()
    try:
        if not _is_there(s3_client, bucket, key, checksum):
            with archive.path.open("rb") as file:
                s3_client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=file,
                    ContentType="application/gzip",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                )
    except (BotoCoreError, ClientError) as error:
        raise RepositoryError(
            f"could not send the repository to s3://{bucket}/{key}: {error}; check that the stacks are deployed and "
            "that you may write to this bucket"
        ) from error
    return RepoRef(
        bucket=bucket,
        key=key,
        sha256=archive.sha256,
        name=archive.name,
        commit=archive.commit,
        dirty=archive.dirty,
    )


def _is_there(s3_client: S3Client, bucket: str, key: str, checksum: str) -> bool:
    try:
        found = s3_client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        # Who may not list the bucket is told 403 of what does not exist; if it is worse, the upload will say so.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    return found.get("ChecksumSHA256") == checksum and datetime.now(UTC) - found["LastModified"] < _REUSED_FOR
