"""The code review, with every handler for real, on a small repository: what README shows, and more."""

import subprocess
from pathlib import Path

import pytest

from state_machines.code_review import code_review
from stepweave.contract.failure import TaskFailure
from stepweave.testing.local_backend import LocalBackend

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Git repository with one module."""
    (tmp_path / "app.py").write_text("def double(number):\n    return 2 * number\n")
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "c"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


@pytest.mark.local_cloud(time="skipped")
def test_a_scan_survives_two_failures(local_cloud: LocalBackend, repository: Path) -> None:
    local_cloud.agent("security_scanner").fails(times=2)
    run = local_cloud.run(code_review, repo=repository)
    assert run.status == "SUCCEEDED", run.cause
    assert run.task("security_scan").attempts == 3
    assert run.order[-1] == "generate_report"
    assert run.started_after("logic_analysis", "syntax_analysis")
    assert all(task.attempts == 1 for name, task in run.tasks.items() if name != "security_scan")


@pytest.mark.local_cloud(time="skipped")
def test_a_report_is_made_without_a_scan_that_fails_for_good(local_cloud: LocalBackend, repository: Path) -> None:
    local_cloud.agent("security_scanner").fails(error="Broken", message="beyond repair")
    run = local_cloud.run(code_review, repo=repository)
    assert run.status == "SUCCEEDED", run.cause
    scan = run.task("security_scan")
    assert (scan.status, scan.error, scan.caught) == ("FAILED", "Broken", True)
    given = run.task("generate_report").input
    assert isinstance(given, dict)
    assert TaskFailure.looks_like(given["scan"])
