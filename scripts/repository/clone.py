"""Clone a repository that is given by its URL."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.repository.errors import RepositoryError
from scripts.repository.git import UNCONFIGURED, run_git
from scripts.repository.git_directory import find_by_file_url
from scripts.repository.quarantine import quarantined

CLONE_SECONDS = 600.0
"""How long a clone may take."""

_OPTIONS = (
    *("--quiet", "--no-checkout", "--depth=1", "--single-branch"),
    *("--no-tags", "--no-recurse-submodules", "--template="),
)
_FILES_ONLY = {"GIT_ALLOW_PROTOCOL": "file"}
_URL = re.compile(r"(?:https?|ssh|git|file)://.+", re.IGNORECASE)
_SCP_LIKE = re.compile(r"[\w.-]+@[\w.-]+:(?!:).+")
_OTHER_TRANSPORT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:://|::)")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def is_url(source: str) -> bool:
    """Tell whether `source` is the URL of a repository, and not a path.

    Raises
    ------
    RepositoryError
        If it is a URL whose transport is not allowed, such as ``ext::``, which runs a command.
    """
    if _URL.fullmatch(source) or (_SCP_LIKE.fullmatch(source) and not Path(source).exists()):
        return True
    if _OTHER_TRANSPORT.match(source):
        raise RepositoryError(
            f"{without_credentials(source)}: this transport is not allowed; use an https, ssh, git or file URL"
        )
    return False


def name_of(url: str) -> str:
    """Return what to call a repository that is cloned from `url`: the last part of its path."""
    last = re.split(r"[/:\\]", url.split("?", maxsplit=1)[0].rstrip("/"))[-1]
    return last.removesuffix(".git") or "repository"


@contextmanager
def cloned(url: str, *, seconds: float = CLONE_SECONDS) -> Iterator[Path]:
    """Clone the latest commit of a repository's default branch for as long as the context lasts.

    Hooks, templates and filters do not run, not even the user's own, submodules are not fetched, and git never asks
    for a password. A repository on this machine, which ``file://`` names, is cloned out of quarantine: the program
    that serves it would else obey its configuration.

    Raises
    ------
    RepositoryError
        If it cannot be cloned.
    """
    with TemporaryDirectory(prefix="stepweave-clone-", ignore_cleanup_errors=True) as place, _origin(url) as origin:
        tree = Path(place) / "tree"
        # Not in the current directory, whose repository may have a configuration, too.
        elsewhere = {"GIT_CEILING_DIRECTORIES": place} | ({**UNCONFIGURED, **_FILES_ONLY} if origin != url else {})
        result = run_git(
            ["clone", *_OPTIONS, "--", origin, tree], directory=Path(place), environment=elsewhere, seconds=seconds
        )
        if result.returncode == 0:
            result = run_git(["reset", "--quiet", "--hard"], directory=tree, environment=UNCONFIGURED, seconds=seconds)
        if result.returncode:
            raise RepositoryError(
                f"could not clone {without_credentials(url)}: {without_credentials(result.stderr)}; check the URL and "
                "your access (git does not ask for a password here), or clone it yourself and give its path"
            )
        yield tree


@contextmanager
def _origin(url: str) -> Iterator[str]:
    """Yield what git is told to clone: the URL, or of a repository on this machine its quarantine."""
    if not url.lower().startswith("file://"):
        yield url
        return
    repository = find_by_file_url(url)
    if repository is None:
        raise RepositoryError(
            f"could not clone {without_credentials(url)}: no Git repository is there; check the URL and your access"
        )
    with quarantined(repository, bare=True) as quarantine:
        yield quarantine.path.as_uri()


def without_credentials(text: str) -> str:
    """Return a text without the user names and passwords of the URLs in it."""
    return _CREDENTIALS.sub("", text)
