import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from scripts.stepfunctions_local.container import COMPOSE_FILE, docker_problem


def answering(**failing: str) -> Any:
    """Answers what Docker is asked; a subcommand that is to fail says this on standard error."""

    def run(command: Sequence[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        said = failing.get(command[1])
        return subprocess.CompletedProcess(command, 0 if said is None else 1, "", said or "")

    return run


def test_what_is_missing_is_said() -> None:
    found = "/usr/bin/docker".format
    assert docker_problem(answering(), lambda _: None) == "Docker is not installed"
    daemon = docker_problem(answering(version="Cannot connect to the Docker daemon at unix:///x"), found)
    assert daemon == "the Docker daemon does not answer: Cannot connect to the Docker daemon at unix:///x"
    assert docker_problem(answering(compose=""), found) == "Docker's compose plugin is not installed"
    assert docker_problem(answering(), found) is None


@pytest.mark.parametrize("error", [OSError("no"), subprocess.TimeoutExpired("docker", 30)])
def test_a_docker_that_cannot_be_asked_is_a_problem(error: Exception) -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise error

    assert "the Docker daemon does not answer" in str(docker_problem(run, lambda _: "/usr/bin/docker"))


def test_the_image_is_pinned_and_every_endpoint_is_local() -> None:
    text = COMPOSE_FILE.read_text()
    assert "aws-stepfunctions-local:2.0.0" in text
    endpoints = [line.split(": ", 1)[1] for line in text.splitlines() if "_ENDPOINT:" in line]
    assert len(endpoints) == 12
    assert all(one.startswith(("http://localhost:", "http://host.docker.internal:")) for one in endpoints)
