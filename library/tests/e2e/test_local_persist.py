"""``stepweave local up --persist`` as a user calls it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepweave.local_client.session import LocalSession
from stepweave.local_cloud.persistence.snapshot_file import FILE_NAME
from tests.sample_project import environment, link_sample

pytestmark = pytest.mark.slow


def stepweave(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stepweave.command.main import main; main()", "local", *map(str, arguments)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = link_sample(tmp_path / "project")
    yield folder
    stepweave(folder, "down")


def test_what_is_there_when_it_stops_is_there_when_it_starts(project: Path) -> None:
    up = ("up", "--port", "0", "--no-deploy", "--persist", "state")
    first = stepweave(project, *up)
    assert first.returncode == 0, first.stderr
    state = project / "state"
    assert f"kept in         {state}" in first.stdout
    endpoint = json.loads(stepweave(project, "status", "--json").stdout)["endpoint_url"]
    LocalSession(endpoint).client("s3").create_bucket(Bucket="kept")

    elsewhere = stepweave(project, "up", "--port", "0", "--no-deploy", "--persist", "elsewhere")
    assert f"it keeps its state in {state}" in elsewhere.stderr
    assert f"its state is kept in {state}" in stepweave(project, "down").stderr

    assert stepweave(project, *up).returncode == 0
    status = json.loads(stepweave(project, "status", "--json").stdout)
    assert status["persist"] == str(state)
    buckets = LocalSession(status["endpoint_url"]).client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["kept"]


@pytest.mark.parametrize("how", [(), ("--foreground",)])
def test_a_folder_that_holds_something_else_is_refused(project: Path, how: tuple[str, ...]) -> None:
    (project / FILE_NAME).write_text("my notes\n" * 1000)
    refused = stepweave(project, "up", "--port", "0", "--no-deploy", "--persist", ".", *how)
    assert refused.returncode != 0
    assert refused.stderr.splitlines()[-1].startswith(f"error: {project / FILE_NAME} is damaged")
    assert "Traceback" not in refused.stderr
    assert (project / FILE_NAME).read_text() == "my notes\n" * 1000
