"""Extract an archive that is not trusted.

Symbolic links are made last, after every file is written, so nothing can be written through one. Everything else
that `tarfile` could be talked into (hard links, devices, absolute names, names that climb, sparse files, endless
headers) is refused here and not left to its filters, whose defaults differ between Python versions.
"""

import errno
import gzip
import io
import os
import shutil
import sys
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from lambdas.shared.repository.errors import RepositoryRefusedError
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.limits import MAX_FILES, MAX_NAME_BYTES, MAX_TREE_BYTES
from lambdas.shared.repository.links import leaves_tree

_MAX_HEADER_BYTES = 64 * 1024
"""What may stand before one member's content: its name and extended headers, which `tarfile` holds in memory."""
_ENCODING = sys.getfilesystemencoding()
"""What names are read as, so that each is written by the bytes that the archive has, whatever the locale."""
_UNUSABLE_NAME = frozenset({errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR})


def extract(archive: Path, tree: Path, *, max_bytes: int = MAX_TREE_BYTES, max_files: int = MAX_FILES) -> None:
    """Extract a gzipped tar archive of regular files, directories and symbolic links that stay inside.

    Parameters
    ----------
    archive : Path
        The archive.
    tree : Path
        An empty directory.
    max_bytes : int
        How many bytes all files may have together.
    max_files : int
        How many files, links and directories there may be.

    Raises
    ------
    RepositoryRefusedError
        If the archive is damaged, exceeds a limit, or would write outside `tree`. What was written until then
        stays in `tree`.
    OSError
        If the disk is full.
    """
    try:
        with gzip.open(archive) as plain:
            metered = _Metered(plain)
            # The stream form reads forward only, so that each byte passes the meter once.
            with tarfile.open(fileobj=metered, mode="r|", encoding=_ENCODING, errors="surrogateescape") as tar:
                _Extraction(tree, max_bytes, max_files).run(tar, metered)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
        raise RepositoryRefusedError(f"the archive is damaged: {error}") from error


class _Metered(io.BufferedIOBase):
    """The plain stream of an archive, which gives no more than was allowed."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self.allow(0)

    def allow(self, size: int) -> None:
        """Allow `size` bytes of content, and the next header."""
        self._allowed = size + _MAX_HEADER_BYTES

    def read(self, size: int | None = -1) -> bytes:
        data = self._stream.read(size)
        self._allowed -= len(data)
        if self._allowed < 0:
            raise RepositoryRefusedError(f"the archive holds a header of more than {_MAX_HEADER_BYTES} bytes")
        return data


class _Kind(Enum):
    FILE = "file"
    DIRECTORY = "directory"
    LINK = "symbolic link"


class _Extraction:
    """One archive's way into one directory."""

    def __init__(self, tree: Path, max_bytes: int, max_files: int) -> None:
        self._top = tree.resolve()
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._bytes = 0
        self._members = 0
        self._kinds: dict[str, _Kind] = {}
        self._links: dict[str, str] = {}

    def run(self, tar: tarfile.TarFile, metered: _Metered) -> None:
        while (member := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # of no use here, and it would grow with the archive
            path = _safe_path(member.name)
            if member.isdir():
                self._count()
                self._add_directories(path)
            elif member.issym():
                self._add(path, _Kind.LINK)
                self._links[path] = member.linkname
            elif member.isreg() and not member.issparse():
                self._add(path, _Kind.FILE)
                metered.allow(self._budgeted(member.size))
                self._write(tar, member, path)
                metered.allow(0)
            else:
                raise RepositoryRefusedError(
                    f"{display_name(path)}: the archive may hold regular files, directories and symbolic links only"
                )
            metered.allow(0)
        self._make_links()

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        content = tar.extractfile(member)
        assert content is not None  # noqa: S101 - it is a regular file
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _naming(path):
            descriptor = os.open(self._place(path), flags, 0o755 if member.mode & 0o100 else 0o644)
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(content, file, 256 * 1024)

    def _make_links(self) -> None:
        for path, target in self._links.items():
            if leaves_tree(path, self._links):
                raise RepositoryRefusedError(
                    f"{display_name(path)}: the symbolic link leads out of the repository or in circles"
                )
            with _naming(path):
                self._place(path).symlink_to(target)
        for path in self._links:  # the file system has the last word, for example where it ignores case
            if not Path(os.path.realpath(self._place(path))).is_relative_to(self._top):
                raise RepositoryRefusedError(
                    f"{display_name(path)}: the symbolic link leads out of the repository or in circles"
                )

    def _add(self, path: str, kind: _Kind) -> None:
        """Take the place of a file or link; its directory is made."""
        self._count()
        if path in self._kinds or not path:
            raise RepositoryRefusedError(f"{display_name(path) or '.'}: the archive holds this name twice")
        self._add_directories(path.rpartition("/")[0])
        self._kinds[path] = kind

    def _add_directories(self, path: str) -> None:
        if not path or self._kinds.get(path) is _Kind.DIRECTORY:
            return
        components = path.split("/")
        for depth in range(1, len(components) + 1):
            directory = "/".join(components[:depth])
            kind = self._kinds.setdefault(directory, _Kind.DIRECTORY)
            if kind is not _Kind.DIRECTORY:
                raise RepositoryRefusedError(f"{display_name(directory)} is both a {kind.value} and a directory")
            place = self._place(directory)
            if not place.is_dir():
                self._count()
                with _naming(directory):
                    place.mkdir(0o755)

    def _count(self) -> None:
        self._members += 1
        if self._members > self._max_files:
            raise RepositoryRefusedError(f"the archive holds more than {self._max_files} files and directories")

    def _budgeted(self, size: int) -> int:
        self._bytes += size
        if size < 0 or self._bytes > self._max_bytes:
            raise RepositoryRefusedError(f"the archive holds more than {self._max_bytes} bytes of files")
        return size

    def _place(self, path: str) -> Path:
        return self._top / path


def _safe_path(name: str) -> str:
    """Return a member's name without empty and ``.`` components; refuse what is not below the top."""
    components = [component for component in name.split("/") if component not in ("", ".")]
    if name.startswith("/") or ".." in components or "\0" in name:
        raise RepositoryRefusedError(f"{display_name(name)}: the name leads out of the repository")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        raise RepositoryRefusedError(f"{display_name(name[:100])}...: the name is longer than {MAX_NAME_BYTES} bytes")
    return "/".join(components)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turn a name that this file system cannot hold into a refusal."""
    try:
        yield
    except OSError as error:
        if error.errno not in _UNUSABLE_NAME:
            raise
        raise RepositoryRefusedError(f"{display_name(path)}: {error.strerror}") from error
