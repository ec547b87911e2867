"""Archive the tracked files of a repository, the same files always to the same bytes."""

import gzip
import hashlib
import tarfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.limits import MAX_ARCHIVE_BYTES
from scripts.repository.clone import cloned, is_url, name_of
from scripts.repository.errors import RepositoryError
from scripts.repository.tracked_files import TrackedFiles
from scripts.repository.work_tree import WorkTree, read_work_tree

COMPRESSION = 4
"""Level of gzip: on Python code, level 6 takes half as long again and saves a twentieth."""


@dataclass(frozen=True)
class RepositoryArchive:
    """An archive of a repository's tracked files.

    Parameters
    ----------
    path : Path
        The gzipped tar archive.
    sha256 : str
        Its digest, lower-case hex.
    name : str
        What to call the repository.
    commit : str | None
        The commit that was checked out; None before the first.
    dirty : bool
        Whether tracked files differed from that commit.
    files : int
        How many files and symbolic links it holds.
    bytes : int
        Size of all files together, uncompressed.
    notes : tuple[str, ...]
        What was left out, and why.
    """

    path: Path
    sha256: str
    name: str
    commit: str | None
    dirty: bool
    files: int
    bytes: int
    notes: tuple[str, ...]


def archive_repository(source: str | Path, directory: Path) -> RepositoryArchive:
    """Archive the tracked files of a repository as they are in its working tree.

    Uncommitted changes of tracked files are part of it; files that git does not track are not. Of a directory
    inside a repository, only what is below that directory is taken.

    Parameters
    ----------
    source : str | Path
        The path of a directory, or the URL of a repository, which is cloned.
    directory : Path
        Where the archive is written.

    Raises
    ------
    RepositoryError
        If there is nothing to archive, or it cannot be read.

    Example
    -------
    >>> archive_repository(".", Path("/tmp")).files  # doctest: +SKIP
    57
    """
    url = str(source)
    remote = isinstance(source, str) and is_url(url)
    path = _place(source)
    with cloned(url) if remote else nullcontext(path) as place:
        tree = read_work_tree(place)
        return _archive(tree, name_of(url) if remote else path.name or "repository", directory)


def _place(source: str | Path) -> Path:
    """Return the path that is meant, with all links resolved."""
    if not str(source):
        raise RepositoryError("the path of the repository is empty; give the path or the URL of a Git repository")
    try:
        return Path(source).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, the home of nobody, a null byte
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RepositoryError(f"{str(source)[:200]}: {why}; give the path or the URL of a Git repository") from error


def _archive(tree: WorkTree, name: str, directory: Path) -> RepositoryArchive:
    contents = TrackedFiles(tree)
    partial = directory / "repository.tar.gz.partial"
    try:
        _write(contents, partial)
        if contents.files == 0:
            raise RepositoryError(f"{tree.path}: nothing is left to review: {'; '.join(contents.notes())}")
        size = partial.stat().st_size
        if size > MAX_ARCHIVE_BYTES:
            raise RepositoryError(
                f"{tree.path}: its archive has {size} bytes; at most {MAX_ARCHIVE_BYTES} are reviewed"
            )
        with partial.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        path = partial.replace(directory / f"{sha256}.tar.gz")
    finally:
        partial.unlink(missing_ok=True)
    return RepositoryArchive(
        path=path,
        sha256=sha256,
        name=display_name(name),
        commit=tree.commit,
        dirty=tree.dirty,
        files=contents.files,
        bytes=contents.bytes,
        notes=contents.notes(),
    )


def _write(contents: TrackedFiles, path: Path) -> None:
    with (
        path.open("wb") as file,
        # Neither a name nor a time, so that the same files give the same bytes.
        gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=file, mtime=0) as packed,
        tarfile.open(
            fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
        ) as tar,
    ):
        contents.write(tar)
