"""Put the tracked files of a working tree into a tar archive."""

import os
import stat
import tarfile
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from pathlib import PurePosixPath

from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.limits import MAX_FILES, MAX_NAME_BYTES, MAX_TREE_BYTES
from lambdas.shared.repository.links import leaves_tree
from scripts.repository.errors import RepositoryError
from scripts.repository.work_tree import EntryKind, WorkTree

_MOST_NAMED = 5
# Git writes no such component into its index and does not look for one when it reads it: it would lead to other files.
_FOREIGN = frozenset({"", ".", "..", ".git"})


class LeftOut(Enum):
    """Why a tracked path is not in the archive."""

    SUBMODULE = "is a submodule"
    DELETED = "is tracked but not in the working tree"
    LEAVES = "is a symbolic link that leads out of the repository or in circles"
    SPECIAL = "is neither a regular file nor a symbolic link"
    UNREADABLE = "could not be read"
    FOREIGN = "is not a path that Git would track"
    LONG = f"has a name of more than {MAX_NAME_BYTES} bytes"


class TrackedFiles:
    """The tracked files of a working tree, as they are now.

    Parameters
    ----------
    tree : WorkTree
        The working tree.

    Attributes
    ----------
    files : int
        How many files and symbolic links were written.
    bytes : int
        Size of the files together.
    """

    def __init__(self, tree: WorkTree) -> None:
        self._tree = tree
        self._real_directories: dict[str, bool] = {"": True}
        self._left_out: defaultdict[LeftOut, list[str]] = defaultdict(list)
        self.files = 0
        self.bytes = 0

    def write(self, tar: tarfile.TarFile) -> None:
        """Write every tracked file and every symbolic link that stays inside the tree, in the order of their names.

        Raises
        ------
        RepositoryError
            If there is more than an agent can hold, or a file changes while it is read.
        """
        present = self._present()
        links = self._targets(present)
        for path, mode in present.items():
            if stat.S_ISREG(mode):
                self._write_file(tar, path)
            elif not stat.S_ISLNK(mode):
                self._leave_out(path, LeftOut.SPECIAL)
            elif path not in links:
                self._leave_out(path, LeftOut.UNREADABLE)
            elif leaves_tree(path, links):
                self._leave_out(path, LeftOut.LEAVES)
            else:
                self._write_link(tar, path, links[path])
        directories = {parent for path in present for parent in PurePosixPath(path).parents}
        if self.files + len(directories) > MAX_FILES:
            raise RepositoryError(
                f"{self._tree.path} has {self.files} files in {len(directories)} directories; at most {MAX_FILES} "
                "of both are reviewed: give one of its directories instead"
            )

    def notes(self) -> tuple[str, ...]:
        """Say what was left out, and why."""
        return tuple(
            f"left out {display_name(path)}: it {reason.value}"
            for reason, paths in self._left_out.items()
            for path in paths[:_MOST_NAMED]
        ) + tuple(
            f"left out {len(paths) - _MOST_NAMED} more, each of which {reason.value}"
            for reason, paths in self._left_out.items()
            if len(paths) > _MOST_NAMED
        )

    def _present(self) -> dict[str, int]:
        """Return the mode of every tracked path that is in the working tree."""
        present: dict[str, int] = {}
        for path, kind in self._tree.tracked.items():
            if kind is EntryKind.SUBMODULE:
                self._leave_out(path, LeftOut.SUBMODULE)
            elif _FOREIGN & set(path.lower().split("/")):
                self._leave_out(path, LeftOut.FOREIGN)
            elif len(os.fsencode(path)) > MAX_NAME_BYTES:
                self._leave_out(path, LeftOut.LONG)
            elif (mode := self._mode(path)) is None:
                self._leave_out(path, LeftOut.DELETED)
            else:
                present[path] = mode
        return present

    def _mode(self, path: str) -> int | None:
        # What is reached through a link that took a directory's place is not what git tracks, nor even in the tree.
        if not self._in_real_directory(path):
            return None
        try:
            return (self._tree.path / path).lstat().st_mode
        except OSError:
            return None

    def _targets(self, present: Mapping[str, int]) -> dict[str, str]:
        """Return where each symbolic link leads; one that can no longer be read is left out."""
        targets: dict[str, str] = {}
        for path, mode in present.items():
            if stat.S_ISLNK(mode):
                with suppress(OSError):
                    targets[path] = os.readlink(self._tree.path / path)  # noqa: PTH115  - as it is written
        return targets

    def _in_real_directory(self, path: str) -> bool:
        parent = path.rpartition("/")[0]
        known = self._real_directories.get(parent)
        if known is None:
            try:
                known = self._in_real_directory(parent) and stat.S_ISDIR((self._tree.path / parent).lstat().st_mode)
            except OSError:
                known = False
            self._real_directories[parent] = known
        return known

    def _write_file(self, tar: tarfile.TarFile, path: str) -> None:
        try:
            descriptor = os.open(self._tree.path / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            self._leave_out(path, LeftOut.UNREADABLE)
            return
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            member = tarfile.TarInfo(path)
            member.size = status.st_size
            member.mode = 0o755 if status.st_mode & 0o100 else 0o644
            self.bytes += member.size
            if self.bytes > MAX_TREE_BYTES:
                raise RepositoryError(
                    f"{self._tree.path}: its tracked files have more than {MAX_TREE_BYTES} bytes together; "
                    "give one of its directories instead"
                )
            try:
                tar.addfile(member, file)
            except OSError as error:
                raise RepositoryError(
                    f"{self._tree.path / display_name(path)} could not be archived ({error}); if it changed "
                    "meanwhile, try again"
                ) from error
        self.files += 1

    def _write_link(self, tar: tarfile.TarFile, path: str, target: str) -> None:
        member = tarfile.TarInfo(path)
        member.type = tarfile.SYMTYPE
        member.linkname = target
        member.mode = 0o777
        tar.addfile(member)
        self.files += 1

    def _leave_out(self, path: str, reason: LeftOut) -> None:
        self._left_out[reason].append(path)
