"""Run git without prompts, without hooks, and never longer than agreed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.repository.errors import RepositoryError

# Settings that would run a program of the repository's choosing, or ask the user.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.askPass=")
# Variables that a hook or an alias sets, which would point git at another repository.
_FOREIGN = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_INDEX_FILE",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)


@dataclass(frozen=True)
class GitResult:
    """How a git command ended; its errors are on one line."""

    returncode: int
    stdout: bytes
    stderr: str


def run_git(arguments: Sequence[str | Path], *, directory: Path | None = None, seconds: float = 60) -> GitResult:
    """Run a git command and wait for it.

    Parameters
    ----------
    arguments : Sequence[str | Path]
        The command and its arguments, without ``git``.
    directory : Path | None
        Where to run it.
    seconds : float
        How long it may take.

    Raises
    ------
    RepositoryError
        If git is not installed, or takes too long. A command that fails is a result, not an error.
    """
    program = shutil.which("git")
    if program is None:
        raise RepositoryError("git is not installed; install it (https://git-scm.com/downloads) and try again")
    # A session of its own, so that what git starts (a transport, a filter) ends with it.
    process = subprocess.Popen(  # noqa: S603
        [program, *_SAFE, *arguments],
        cwd=directory,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RepositoryError(f"git {arguments[0]} took longer than {seconds:.0f} s and was stopped") from None
            raise
    return GitResult(process.returncode, stdout, " ".join(stderr.decode("utf-8", "backslashreplace").split()))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {
        **kept,
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # not `ext`, which runs a command
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or "ssh -oBatchMode=yes",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "SSH_ASKPASS": "",
    }
