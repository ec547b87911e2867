"""Deployment packages and layers on disk: kept as archives, extracted when they are first needed."""

import shutil
import stat
import threading
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

UNZIPPED_BYTES = 262_144_000
_EXECUTABLE = 0o111


class BadArchiveError(Exception):
    """The archive cannot be deployed; the message says why, in AWS's words where it has some."""


class CodeStore:
    """Holds archives by the SHA-256 of their content. Thread-safe.

    Parameters
    ----------
    directory : Path
        Belongs to this store alone; created if need be.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._trees: dict[str, Path] = {}
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes, sha256: str) -> None:
        """Check an archive and keep it. Raises `BadArchiveError`."""
        with self._lock_of(sha256):
            archive = self._archive(sha256)
            if archive.exists() or sha256 in self._trees:
                return
            partial = archive.with_suffix(".partial")
            partial.write_bytes(content)
            try:
                with partial.open("rb") as file:
                    check_archive(file)
            except BadArchiveError:
                partial.unlink()
                raise
            partial.rename(archive)

    def directory(self, sha256: str) -> Path:
        """Where the archive is extracted. Raises `KeyError` if it was never put, `BadArchiveError` if it is damaged."""
        if tree := self._trees.get(sha256):
            return tree
        with self._lock_of(sha256):
            if tree := self._trees.get(sha256):
                return tree
            archive = self._archive(sha256)
            if not archive.exists():
                raise KeyError(sha256)
            tree = self._directory / sha256
            tree.mkdir()
            try:
                with archive.open("rb") as file:
                    extract_archive(file, tree)
            except BadArchiveError:
                shutil.rmtree(tree)
                raise
            archive.unlink()
            self._trees[sha256] = tree
            return tree

    def _archive(self, sha256: str) -> Path:
        return self._directory / f"{sha256}.zip"

    def _lock_of(self, sha256: str) -> threading.Lock:
        # One for each archive: calls of other functions do not wait for an extraction.
        with self._lock:
            return self._locks.setdefault(sha256, threading.Lock())


def check_archive(file: BinaryIO) -> None:
    """Raise `BadArchiveError` unless the zip may be extracted: by its directory, without reading the contents."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        message = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise BadArchiveError(message) from error
    if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
        raise BadArchiveError(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
    for entry in entries:
        _check_name(entry.filename)


def extract_archive(file: BinaryIO, directory: Path) -> None:
    """Extract a zip into an existing, empty directory.

    Files that are executable in the archive stay so; symbolic links are made if they stay inside. Raises
    `BadArchiveError`, with part of the archive extracted.
    """
    check_archive(file)
    links: list[tuple[Path, str]] = []
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                mode = entry.external_attr >> 16
                if stat.S_ISLNK(mode):
                    links.append((directory / entry.filename, archive.read(entry).decode()))
                    continue
                target = Path(archive.extract(entry, directory))
                if mode & _EXECUTABLE and not entry.is_dir():
                    target.chmod(0o755)
        # Links come last, so that no file can be written through one.
        for link, target_name in links:
            _make_link(link, target_name, directory)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise BadArchiveError(f"Could not unzip uploaded file: {error}") from error


def _check_name(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise BadArchiveError(f"Could not unzip uploaded file: the entry {name!r} would be extracted outside of it.")


def _make_link(link: Path, target: str, directory: Path) -> None:
    resolved = (link.parent / target).resolve()
    if not resolved.is_relative_to(directory.resolve()):
        raise BadArchiveError(f"Could not unzip uploaded file: the link {link.name!r} points outside of it.")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
