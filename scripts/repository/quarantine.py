"""Let git read a repository that is not trusted, with none of the repository's configuration in force.

A repository's own ``config`` can name programs in dozens of places: filters, hooks, helpers, remotes. So git is never
shown it. It is given a git directory made here, whose configuration is ours, and in which only data is the
repository's: objects, references and the index. A driver that ``.gitattributes`` names is then not defined, a remote
that could be asked for missing objects is not known, and whatever key the next version of git invents has no effect.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.repository.errors import RepositoryError
from scripts.repository.git import UNCONFIGURED, GitResult, run_git
from scripts.repository.git_directory import GitDirectory, read_small

_SWITCH: Final = frozenset({"true", "yes", "on", "1", "false", "no", "off", "0", ""})
# Settings that say how files and objects are written, with all values that they may have.
_OF_CONTENT: Final[Mapping[str, frozenset[str]]] = {
    "core.autocrlf": _SWITCH | {"input"},
    "core.checkstat": frozenset({"default", "minimal"}),
    "core.eol": frozenset({"lf", "crlf", "native"}),
    "core.filemode": _SWITCH,
    "core.ignorecase": _SWITCH,
    "core.precomposeunicode": _SWITCH,
    "core.symlinks": _SWITCH,
    "core.trustctime": _SWITCH,
    "extensions.objectformat": frozenset({"sha1", "sha256"}),
    "extensions.refstorage": frozenset({"files", "reftable"}),
}
_OF_THE_USER: Final = frozenset({"core.autocrlf", "core.checkstat", "core.eol", "core.trustctime"})
_OF_A_REPOSITORY: Final = ("objects", "refs", "packed-refs", "reftable", "shallow")
_OF_A_WORKING_TREE: Final = ("index", "reftable")


@dataclass(frozen=True)
class Quarantine:
    """A git directory of ours in which the data is a repository's.

    Parameters
    ----------
    path : Path
        The git directory.
    """

    path: Path

    def run(self, arguments: Sequence[str | Path], *, top: Path, directory: Path) -> GitResult:
        """Run git on a working tree.

        Parameters
        ----------
        arguments : Sequence[str | Path]
            The command and its arguments, without ``git``.
        top : Path
            The top of the working tree.
        directory : Path
            The directory of the working tree in which it runs.

        Raises
        ------
        RepositoryError
            If git is not installed, or takes too long. A command that fails is a result, not an error.
        """
        environment = {**UNCONFIGURED, "GIT_DIR": str(self.path), "GIT_WORK_TREE": str(top)}
        return run_git(arguments, directory=directory, environment=environment)


@contextmanager
def quarantined(repository: GitDirectory, *, bare: bool = False) -> Iterator[Quarantine]:
    """Make a git directory of ours out of a repository's data, for as long as the context lasts.

    Parameters
    ----------
    repository : GitDirectory
        The repository.
    bare : bool
        Whether it is to be used without a working tree.

    Raises
    ------
    RepositoryError
        If the repository is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="stepweave-git-", ignore_cleanup_errors=True) as place:
        common = Path(place) / "repository.git"
        path = common if repository.path == repository.common else common / "worktrees" / "checkout"
        try:
            _link(repository.common, common, _OF_A_REPOSITORY)
            _link(repository.path, path, _OF_A_WORKING_TREE)
        except OSError as error:
            raise RepositoryError(f"{repository.path}: git's files cannot be read: {error.strerror}") from error
        if path != common:
            (path / "commondir").write_text("../..\n")
        # The user's own settings are read while there are no others.
        _configure(common, {}, bare=bare)
        own = {key: value for key, value in _settings(common, "--includes") if key in _OF_THE_USER}
        written = read_small(repository.common / "config") or b""
        _configure(common, own | dict(_settings(common, "--no-includes", "--file=-", stdin=written)), bare=bare)
        yield Quarantine(path)


def _link(source: Path, target: Path, names: Iterable[str]) -> None:
    """Let a directory of ours have what is there of a repository's files, but its own ``HEAD``."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        file = source / name
        if file.is_dir() or file.is_file():  # a pipe would make git wait
            (target / name).symlink_to(file)
    for file in source.glob("sharedindex.*"):
        (target / file.name).symlink_to(file)
    # Git takes no link for HEAD, unless it is a reference of the old kind: a link to another reference.
    head = source / "HEAD"
    content = b"ref: " + os.fsencode(head.readlink()) if head.is_symlink() else read_small(head)
    (target / "HEAD").write_bytes(content or b"")


def _settings(git_directory: Path, *options: str, stdin: bytes = b"") -> Iterator[tuple[str, str]]:
    """Read the settings that say how content is written; one with another value than git knows counts as not there."""
    environment = {"GIT_DIR": str(git_directory)} if "--includes" in options else UNCONFIGURED
    listed = run_git(
        ["config", "--null", *options, "--list"], directory=git_directory, environment=environment, stdin=stdin
    )
    if listed.returncode:
        raise RepositoryError(f"git could not read a configuration: {listed.stderr}")
    for line in listed.stdout.split(b"\0")[:-1]:
        key, separator, value = line.decode("utf-8", "replace").partition("\n")
        value = value.lower() if separator else "true"
        if value in _OF_CONTENT.get(key, ()):
            yield key, value


def _configure(git_directory: Path, settings: Mapping[str, str], *, bare: bool) -> None:
    lines = ["[core]", f"bare = {str(bare).lower()}", "repositoryformatversion = 1"]
    for key, value in settings.items():
        section, name = key.split(".")
        lines += [f"[{section}]", f"{name} = {value}"]
    (git_directory / "config").write_text("\n".join([*lines, ""]))
