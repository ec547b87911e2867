"""Find the repository that a directory belongs to, without running git there."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from scripts.repository.errors import RepositoryError

_MOST_OF_A_FILE = 1024 * 1024


@dataclass(frozen=True)
class GitDirectory:
    """Where git keeps what it knows of a repository.

    Parameters
    ----------
    path : Path
        The directory with ``HEAD`` and the index: ``.git``, or another of a linked working tree or a submodule.
    common : Path
        The directory with objects and references: the same, but of a linked working tree that of the main one.
    """

    path: Path
    common: Path


@dataclass(frozen=True)
class Checkout:
    """A working tree and its git directory.

    Parameters
    ----------
    top : Path
        The top of the working tree: where ``.git`` is. ``core.worktree``, which could name any other, is not obeyed.
    git : GitDirectory
        The git directory.
    """

    top: Path
    git: GitDirectory


def find_checkout(path: Path) -> Checkout:
    """Find the working tree that a directory is in: as git does, but whoever owns it.

    Raises
    ------
    RepositoryError
        If it is in none.
    """
    for directory in (path, *path.parents):
        link = directory / ".git"
        if (found := git_directory(link)) is not None:
            return Checkout(directory, found)
        if link.is_file():
            raise RepositoryError(
                f"{path} is not a Git repository (what {link} points to is none); make the working tree anew with "
                "`git worktree add` or `git clone`, or give another path"
            )
        if git_directory(directory) is not None:
            raise RepositoryError(
                f"{path} is a bare repository, without files to review; give file://{path} to have it cloned"
            )
    raise RepositoryError(f"{path} is not a Git repository; run `git init` and `git add` there, or give another path")


def find_by_file_url(url: str) -> GitDirectory | None:
    """Find the repository that a ``file://`` URL means, with files or bare; None if there is none."""
    path = "/" + unquote(url.partition("://")[2]).partition("/")[2]
    for candidate in (f"{path}/.git", path, f"{path}.git/.git", f"{path}.git"):
        if (found := git_directory(Path(candidate))) is not None:
            return found
    return None


def git_directory(path: Path) -> GitDirectory | None:
    """Return the git directory at a path, or the one that a file there points to; None if there is none."""
    try:
        if path.is_file():
            pointer = read_small(path)
            if pointer is None or not pointer.startswith(b"gitdir:"):
                return None
            path = path.parent / _path(pointer.removeprefix(b"gitdir:"))
        shared = read_small(path / "commondir")
        common = path if shared is None else path / _path(shared)
        complete = (path / "HEAD").is_file() and (common / "objects").is_dir() and (common / "refs").is_dir()
    except (OSError, ValueError):  # a path of the repository's choosing: too long, or with a null byte
        return None
    return GitDirectory(path.resolve(), common.resolve()) if complete else None


def read_small(path: Path) -> bytes | None:
    """Read a file of a git directory; None if it is missing, no regular file, or larger than 1 MiB."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = b""
        while len(content) <= _MOST_OF_A_FILE and (part := os.read(descriptor, _MOST_OF_A_FILE + 1)):
            content += part
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) <= _MOST_OF_A_FILE else None


def _path(written: bytes) -> Path:
    return Path(os.fsdecode(written.strip(b" \t\r\n")))
