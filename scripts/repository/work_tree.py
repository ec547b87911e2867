"""What git tracks in a working tree."""

import os
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from scripts.repository.errors import RepositoryError
from scripts.repository.git import GitResult
from scripts.repository.git_directory import find_checkout
from scripts.repository.quarantine import quarantined

_STATUS = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")


class EntryKind(Enum):
    """What the index says that a path is."""

    FILE = "file"
    LINK = "symbolic link"
    SUBMODULE = "submodule"


@dataclass(frozen=True)
class WorkTree:
    """A working tree, or a directory of one.

    Parameters
    ----------
    path : Path
        The directory.
    commit : str | None
        The commit that is checked out; None before the first.
    dirty : bool
        Whether tracked files below the directory differ from that commit.
    tracked : dict[str, EntryKind]
        What is tracked below the directory, by its path relative to it, ordered by the paths' bytes.
    """

    path: Path
    commit: str | None
    dirty: bool
    tracked: dict[str, EntryKind]


def read_work_tree(path: Path) -> WorkTree:
    """Read what git knows of a directory, in quarantine: no configuration of the repository is in force.

    So a filter that ``.gitattributes`` asks for, such as Git LFS, does not run: a file that it would change counts as
    changed if its time or size differs from what the index says.

    Raises
    ------
    RepositoryError
        If there is no such directory, if it is not in the working tree of a Git repository, or if git tracks
        nothing in it.
    """
    _check(path)
    checkout = find_checkout(path)
    with quarantined(checkout.git) as quarantine:
        run = partial(quarantine.run, top=checkout.top, directory=path)
        commit = run(["rev-parse", "--verify", "--quiet", "HEAD"])
        status = _succeed(path, run([*_STATUS, "--", "."]))
        listed = _succeed(path, run(["ls-files", "-z", "--stage", "--", "."]))
    tracked = _entries(listed.stdout)
    if not tracked:
        raise RepositoryError(
            f"{path}: git tracks no file here, so there is nothing to review; add files with `git add` first"
        )
    return WorkTree(
        path=path,
        commit=commit.stdout.decode().strip() if commit.returncode == 0 else None,
        dirty=bool(status.stdout),
        tracked=tracked,
    )


def _check(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        why = "no such directory" if isinstance(error, FileNotFoundError | NotADirectoryError) else error.strerror
        raise RepositoryError(f"{path}: {why}; give the path or the URL of a Git repository") from error
    if not path.is_dir():
        raise RepositoryError(f"{path} is a file; give the directory of a Git repository")
    if not os.access(path, os.R_OK | os.X_OK):
        raise RepositoryError(f"{path}: permission denied; run as a user who may read it")


def _succeed(path: Path, result: GitResult) -> GitResult:
    if result.returncode:
        raise RepositoryError(f"{path}: git could not read the repository: {result.stderr}")
    return result


def _entries(listed: bytes) -> dict[str, EntryKind]:
    """Read the output of ``git ls-files --stage -z``; a path in conflict is listed once per stage."""
    kinds: dict[bytes, EntryKind] = {}
    for line in listed.split(b"\0")[:-1]:
        description, _, name = line.partition(b"\t")
        mode = description.split(b" ", 1)[0]
        kinds[name] = {b"120000": EntryKind.LINK, b"160000": EntryKind.SUBMODULE}.get(mode, EntryKind.FILE)
    return {os.fsdecode(name): kinds[name] for name in sorted(kinds)}
