import tempfile
from pathlib import Path

import pytest
from moto.s3.models import FakeKey

from stepweave.local_cloud.adapters.s3.filed_bodies import IN_MEMORY, filed_bodies
from stepweave.local_cloud.adapters.untracked_instances import untracked_instances
from tests.unit.local_cloud.adapters.conftest import Client


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_bodies_are_in_files_until_they_are_deleted_or_replaced(client: Client, folder: Path) -> None:
    with untracked_instances(), filed_bodies():
        s3 = client("s3")
        s3.create_bucket(Bucket="bucket")
        large = bytes(range(256)) * (IN_MEMORY // 128)
        for key, body in (("large", large), ("small", b"x"), ("empty", b"")):
            s3.put_object(Bucket="bucket", Key=key, Body=body)
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == body
        assert files(folder) == 1
        assert s3.get_object(Bucket="bucket", Key="large", Range="bytes=2-5")["Body"].read() == large[2:6]
        s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/large")
        assert s3.get_object(Bucket="bucket", Key="copy")["Body"].read() == large
        s3.put_object(Bucket="bucket", Key="copy", Body=large[::-1])
        assert files(folder) == 2
        for key in ("large", "copy"):
            s3.delete_object(Bucket="bucket", Key=key)
        assert files(folder) == 0
    assert list(folder.iterdir()) == []


def test_parts_are_put_together(client: Client, folder: Path) -> None:
    with untracked_instances(), filed_bodies():
        s3 = client("s3")
        s3.create_bucket(Bucket="bucket")
        upload = s3.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
        about = {"Bucket": "bucket", "Key": "k", "UploadId": upload}
        bodies = [bytes(5 * 1024 * 1024), b"end"]
        parts = [
            {"PartNumber": number, "ETag": s3.upload_part(**about, PartNumber=number, Body=body)["ETag"]}
            for number, body in enumerate(bodies, 1)
        ]
        s3.complete_multipart_upload(**about, MultipartUpload={"Parts": parts})
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"".join(bodies)
        assert files(folder) == 1


def test_upstream_still_keeps_bodies_in_memory() -> None:
    key = FakeKey("k", bytes(IN_MEMORY + 1), "123456789012", "us-east-1")
    assert not key._value_buffer._rolled
    key.dispose()
