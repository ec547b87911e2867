"""Give an agent the files of a repository."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lambdas.shared.repository.contract import RepoRef
from lambdas.shared.repository.errors import RepositoryRefusedError
from lambdas.shared.repository.extract import extract
from lambdas.shared.repository.limits import MAX_ARCHIVE_BYTES
from stepweave.runtime.aws_errors import object_errors
from stepweave.runtime.clients import s3
from stepweave.runtime.errors import ObjectCorruptError
from stepweave.runtime.tracing import span

_CHUNK = 1024 * 1024


@contextmanager
def checkout(repo: RepoRef) -> Iterator[Path]:
    """Download and extract a repository for as long as the context lasts.

    Parameters
    ----------
    repo : RepoRef
        The repository's archive in S3.

    Yields
    ------
    Path
        The top of the extracted tree, in a temporary directory that is removed afterwards.

    Raises
    ------
    RepositoryRefusedError
        If the archive is damaged, too large, or would write outside the tree.
    ObjectMissingError, ObjectCorruptError
        If the archive is gone from S3, or is not the one that `repo` means.
    TransientError
        If S3 could not be read this time.

    Example
    -------
    >>> with checkout(task.repo) as tree:  # doctest: +SKIP
    ...     return lint(tree)
    """
    with tempfile.TemporaryDirectory(prefix="stepweave-", ignore_cleanup_errors=True) as place:
        archive, tree = Path(place) / "archive.tar.gz", Path(place) / "tree"
        with span("checkout", repository=repo.name):
            _download(repo, archive)
            tree.mkdir()
            extract(archive, tree)
            archive.unlink()
        yield tree


def _download(repo: RepoRef, archive: Path) -> None:
    digest = hashlib.sha256()
    with object_errors("read", repo.bucket, repo.key):
        response = s3().get_object(Bucket=repo.bucket, Key=repo.key)
        size = response["ContentLength"]
        if size > MAX_ARCHIVE_BYTES:
            raise RepositoryRefusedError(f"the archive has {size} bytes; at most {MAX_ARCHIVE_BYTES} are read")
        with response["Body"] as body, archive.open("wb") as file:
            while chunk := body.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
    if digest.hexdigest() != repo.sha256:
        raise ObjectCorruptError(
            f"s3://{repo.bucket}/{repo.key} is not the archive of {repo.name}: expected SHA-256 {repo.sha256}, "
            f"found {digest.hexdigest()}; upload the repository again"
        )
