"""The code review, with every handler for real, on a small repository: what README shows, and more."""

import subprocess
from pathlib import Path

import pytest

from state_machines.code_review import code_review
from stepweave.compiler.compile import compile_workflow
from stepweave.contract.failure import TaskFailure
from stepweave.project.golden import out_of_date
from stepweave.project.settings import require_project
from stepweave.simulator.simulation import simulate
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


def test_golden_files_are_up_to_date() -> None:
    assert out_of_date(require_project(Path(__file__).parent)) == []


def test_the_security_scan_delays_only_the_report() -> None:
    definition = compile_workflow(code_review).definition
    seconds = {"security_scan": 100.0, "syntax_analysis": 1.0, "logic_analysis": 1.0}
    trace = simulate(definition, {"repo": {}, "isolated": False}, lambda event, attempt: {}, seconds)
    assert trace.started["logic_analysis"] == 1.0
    assert trace.started["test_coverage"] == 2.0
    assert trace.started["documentation"] == 2.0
    assert trace.started["generate_report"] == 100.0
