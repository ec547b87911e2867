"""Start and stop Step Functions Local in Docker, beside a local cloud."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from stepweave.local_client.session import LocalSession

ENDPOINT_URL: Final = "http://localhost:8083"
COMPOSE_FILE: Final = Path(__file__).with_name("compose.yaml")

_PROJECT: Final = "stepweave-stepfunctions-local"
_START_SECONDS: Final = 90.0
_POLL_SECONDS: Final = 0.5
_ASK_SECONDS: Final = 30

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class StepFunctionsLocalError(Exception):
    """Step Functions Local could not be started."""


def docker_problem(run: Run = subprocess.run, which: Callable[[str], str | None] = shutil.which) -> str | None:
    """Say why containers cannot be started here; None if they can."""
    if which("docker") is None:
        return "Docker is not installed"
    for asked, problem in (
        (("docker", "version", "--format", "{{.Server.Version}}"), "the Docker daemon does not answer"),
        (("docker", "compose", "version"), "Docker's compose plugin is not installed"),
    ):
        try:
            answer = run(asked, capture_output=True, text=True, check=False, timeout=_ASK_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{problem}: {error}"
        if answer.returncode != 0:
            said = answer.stderr.strip().splitlines()
            return f"{problem}: {said[-1]}" if said else problem
    return None


@contextmanager
def stepfunctions_local(local_cloud_url: str) -> Iterator[str]:
    """Run Step Functions Local as long as the context lasts.

    Parameters
    ----------
    local_cloud_url : str
        The endpoint of the local cloud whose functions it calls.

    Yields
    ------
    str
        The endpoint of Step Functions Local.

    Raises
    ------
    StepFunctionsLocalError
        If it cannot be started, or does not answer.
    """
    environment = {**os.environ, "STEPWEAVE_PORT": str(urlsplit(local_cloud_url).port)}
    profile = "linux" if sys.platform == "linux" else "desktop"
    compose = ["docker", "compose", "-p", _PROJECT, "-f", str(COMPOSE_FILE), "--profile", profile]

    def call(*arguments: str) -> str:
        answer = subprocess.run(  # noqa: S603 - our own compose file
            [*compose, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            raise StepFunctionsLocalError(f"docker compose {arguments[0]} failed:\n{answer.stderr.strip()}")
        return answer.stdout

    try:
        call("up", "--detach")
        if not _answers(time.monotonic() + _START_SECONDS):
            log = call("logs", "--no-color", "--tail", "20")
            raise StepFunctionsLocalError(f"Step Functions Local does not answer at {ENDPOINT_URL}; it says:\n{log}")
        yield ENDPOINT_URL
    finally:
        call("down", "--timeout", "1")


def _answers(deadline: float) -> bool:
    client = LocalSession(ENDPOINT_URL).client("stepfunctions")
    while time.monotonic() < deadline:
        try:
            client.list_state_machines()
        except (BotoCoreError, ClientError):
            time.sleep(_POLL_SECONDS)
        else:
            return True
    return False
