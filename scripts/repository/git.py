"""Run git without prompts, without hooks, and never longer than agreed."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.repository.errors import RepositoryError

# Settings that would run a program nobody asked for, fetch from a place nobody named, or ask the user.
_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.askPass="),
    *("-c", "transfer.bundleURI=false"),
)
# Of git's variables, those that say how the user reaches a remote. All others could point git at another
# repository, at another configuration, or at a program.
_OF_TRANSPORT = frozenset(
    {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_HTTP_LOW_SPEED_LIMIT",
        "GIT_HTTP_LOW_SPEED_TIME",
        "GIT_HTTP_USER_AGENT",
        "GIT_PROXY_SSL_CAINFO",
        "GIT_PROXY_SSL_CERT",
        "GIT_PROXY_SSL_CERT_PASSWORD_PROTECTED",
        "GIT_PROXY_SSL_KEY",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_CERT_PASSWORD_PROTECTED",
        "GIT_SSL_CIPHER_LIST",
        "GIT_SSL_KEY",
        "GIT_SSL_NO_VERIFY",
        "GIT_SSL_VERSION",
    }
)
_OF_THE_COMMAND_LINE = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")

UNCONFIGURED: Mapping[str, str] = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    # Versions of git before 2.32 know neither of the variables above.
    "HOME": os.devnull,
    "XDG_CONFIG_HOME": os.devnull,
}
"""Variables under which git obeys no configuration but that of its repository, and speaks to no remote."""


@dataclass(frozen=True)
class GitResult:
    """How a git command ended; its errors are on one line."""

    returncode: int
    stdout: bytes
    stderr: str


def run_git(
    arguments: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    seconds: float = 60,
) -> GitResult:
    """Run a git command and wait for it.

    Parameters
    ----------
    arguments : Sequence[str | Path]
        The command and its arguments, without ``git``.
    directory : Path
        Where to run it. Git reads the configuration of a repository that it finds there or above.
    environment : Mapping[str, str] | None
        Variables that are set for it, on top of the user's.
    stdin : bytes
        What it reads from standard input.
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
    # A session of its own, so that what git starts (a transport, an ssh) ends with it.
    process = subprocess.Popen(  # noqa: S603
        [program, *_SAFE, *arguments],
        cwd=directory,
        env={**_environment(), **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=seconds)
        except BaseException as error:
            with contextlib.suppress(OSError):  # it may have ended meanwhile
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RepositoryError(f"git {arguments[0]} took longer than {seconds:.0f} s and was stopped") from None
            raise
    return GitResult(process.returncode, stdout, " ".join(stderr.decode("utf-8", "backslashreplace").split()))


def _environment() -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _is_of_transport(name)},
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",  # not `ext`, which runs a command
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or "ssh -oBatchMode=yes",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "SSH_ASKPASS": "",
    }


def _is_of_transport(name: str) -> bool:
    return name in _OF_TRANSPORT or name.startswith(_OF_THE_COMMAND_LINE)
