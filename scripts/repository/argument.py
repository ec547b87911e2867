"""How a repository is given by one word, a path or a URL: its tracked files, archived and uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lambdas.shared.repository.contract import RepoRef
from scripts.repository.archive import RepositoryArchive, archive_repository
from scripts.repository.upload import upload

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class ArchivedRepository:
    """A repository that is ready to be sent.

    Parameters
    ----------
    archive : RepositoryArchive
        Its tracked files.
    """

    archive: RepositoryArchive

    @property
    def description(self) -> str:
        """What was archived."""
        return f"archived {self.archive.files:,} tracked files of {self.archive.name}"

    @property
    def notes(self) -> Sequence[str]:
        """What was left out, and why."""
        return self.archive.notes

    def send(self, s3: S3Client, bucket: str) -> RepoRef:
        """Upload the archive, unless it is there.

        Raises
        ------
        RepositoryError
            If it cannot be sent.
        """
        return upload(s3, bucket, self.archive)


def prepare(word: str, folder: Path) -> ArchivedRepository:
    """Archive a repository.

    Parameters
    ----------
    word : str
        The path of a directory, or the URL of a repository, which is cloned.
    folder : Path
        Where the archive is written.

    Raises
    ------
    RepositoryError
        If there is nothing to archive, or it cannot be read.
    """
    return ArchivedRepository(archive_repository(word, folder))
