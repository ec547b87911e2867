from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from scripts.repository import upload as upload_module
from scripts.repository.archive import RepositoryArchive, archive_repository
from scripts.repository.errors import RepositoryError
from scripts.repository.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from tests.scripts.repository.conftest import Repository


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="payload")
        client.put_bucket_versioning(Bucket="payload", VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def archive(repository: Repository, out: Path) -> RepositoryArchive:
    repository.write("a.py")
    repository.commit()
    return archive_repository(repository.path, out)


def versions(s3: S3Client, key: str) -> int:
    """Count how often an object was written."""
    return len(s3.list_object_versions(Bucket="payload", Prefix=key)["Versions"])


def test_the_reference_says_what_was_sent(s3: S3Client, archive: RepositoryArchive) -> None:
    repo = upload(s3, "payload", archive)
    assert repo.model_dump() == {
        "bucket": "payload",
        "key": f"repositories/{archive.sha256}.tar.gz",
        "sha256": archive.sha256,
        "name": "demo",
        "commit": archive.commit,
        "dirty": False,
    }
    assert s3.get_object(Bucket="payload", Key=repo.key)["Body"].read() == archive.path.read_bytes()


def test_what_is_there_is_not_sent_again(s3: S3Client, archive: RepositoryArchive) -> None:
    repo = upload(s3, "payload", archive)
    assert upload(s3, "payload", archive) == repo
    assert versions(s3, repo.key) == 1


def test_what_may_expire_soon_is_sent_again(
    s3: S3Client, archive: RepositoryArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(UTC) + timedelta(days=1)

    repo = upload(s3, "payload", archive)
    monkeypatch.setattr(upload_module, "datetime", Tomorrow)
    upload(s3, "payload", archive)
    assert versions(s3, repo.key) == 2


def test_other_content_under_the_same_key_is_replaced(s3: S3Client, archive: RepositoryArchive) -> None:
    key = f"repositories/{archive.sha256}.tar.gz"
    s3.put_object(Bucket="payload", Key=key, Body=b"damaged", ChecksumAlgorithm="SHA256")
    upload(s3, "payload", archive)
    assert s3.get_object(Bucket="payload", Key=key)["Body"].read() == archive.path.read_bytes()


def test_a_bucket_that_is_not_there_is_named(s3: S3Client, archive: RepositoryArchive) -> None:
    with pytest.raises(
        RepositoryError, match=r"could not send the repository to s3://gone/repositories/.*NoSuchBucket"
    ):
        upload(s3, "gone", archive)
