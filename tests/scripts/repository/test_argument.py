"""A repository that is given as an argument, up to where an execution would start."""

from pathlib import Path

import boto3
from moto import mock_aws

from lambdas.shared.repository.contract import RepoRef
from scripts.repository.argument import prepare
from tests.scripts.repository.conftest import Repository


def test_a_repository_is_archived_and_then_sent(repository: Repository, out: Path) -> None:
    repository.write("a.py")
    repository.commit()
    made = prepare(str(repository.path), out)
    assert made.description.startswith("archived ")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="payloads")
        sent = made.send(s3, "payloads")
        assert isinstance(sent, RepoRef)
        assert s3.head_object(Bucket="payloads", Key=sent.key)["ContentLength"] == made.archive.path.stat().st_size
