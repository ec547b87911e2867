import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdas.shared.repository import checkout as checkout_module
from lambdas.shared.repository.checkout import checkout
from lambdas.shared.repository.contract import RepoRef
from lambdas.shared.repository.errors import RepositoryRefusedError
from stepweave.runtime.errors import ObjectCorruptError, ObjectMissingError


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[dict[str, bytes]], RepoRef]]:
    """Store an archive of some files, in a bucket of a fresh cloud."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def store(files: dict[str, bytes]) -> RepoRef:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        archive = buffer.getvalue()
        sha256 = hashlib.sha256(archive).hexdigest()
        key = f"repositories/{sha256}.tar.gz"
        boto3.client("s3").put_object(Bucket="payload", Key=key, Body=archive)
        return RepoRef(bucket="payload", key=key, sha256=sha256, name="demo")

    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="payload")
        yield store


def test_the_tree_is_there_while_the_context_lasts(put: Callable[[dict[str, bytes]], RepoRef], tmp_path: Path) -> None:
    with checkout(put({"a/b.py": b"x = 1\n"})) as tree:
        assert {str(path.relative_to(tree)) for path in tree.rglob("*")} == {"a", "a/b.py"}
        assert (tree / "a/b.py").read_bytes() == b"x = 1\n"
        assert tree.is_relative_to(tmp_path)
    assert not list(tmp_path.iterdir())


def test_it_is_removed_after_an_error(put: Callable[[dict[str, bytes]], RepoRef], tmp_path: Path) -> None:
    def fail_inside() -> None:
        with checkout(put({"a.py": b""})) as tree:
            (tree / "made").mkdir(mode=0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not list(tmp_path.iterdir())


def test_a_refused_archive_leaves_nothing_behind(put: Callable[[dict[str, bytes]], RepoRef], tmp_path: Path) -> None:
    with pytest.raises(RepositoryRefusedError), checkout(put({"a.py": b"", "../b.py": b""})):
        pytest.fail("it was not refused")
    assert not list(tmp_path.iterdir())


def test_another_archive_than_the_one_meant_is_not_extracted(put: Callable[[dict[str, bytes]], RepoRef]) -> None:
    meant, other = put({"a.py": b""}), put({"b.py": b""})
    with pytest.raises(ObjectCorruptError, match=meant.sha256), checkout(meant.model_copy(update={"key": other.key})):
        pytest.fail("it was extracted")


def test_a_missing_archive_is_named(put: Callable[[dict[str, bytes]], RepoRef]) -> None:
    gone = put({"a.py": b""}).model_copy(update={"key": "repositories/gone.tar.gz"})
    with pytest.raises(ObjectMissingError, match=r"s3://payload/repositories/gone\.tar\.gz"), checkout(gone):
        pytest.fail("it was extracted")


def test_a_large_archive_is_not_even_downloaded(
    put: Callable[[dict[str, bytes]], RepoRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout_module, "MAX_ARCHIVE_BYTES", 10)
    with pytest.raises(RepositoryRefusedError, match="at most 10 are read"), checkout(put({"a.py": b""})):
        pytest.fail("it was extracted")
