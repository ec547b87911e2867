"""The command as a newcomer uses it: real processes, the project's own app, real agents, a real Git repository.

The project is a folder of links to this one, so that what a test starts and leaves behind is apart from what a
developer has running here; only the agents' bundles are shared.
"""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A shell's background jobs are started with SIGINT ignored, and so is what they start.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from stepweave.command.entry import main; main()"
)
SOURCES = ("app.py", "cdk.json", "pyproject.toml", "lambdas", "scripts", "state_machines")
TASKS = {
    "syntax_analysis",
    "security_scan",
    "logic_analysis",
    "test_coverage",
    "documentation",
    "generate_report",
}
CODE = """import os
import sys


def run(command):
    if command:
        return eval(command)
    return os.system(command)
"""
RUFF = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--output-format=json", "."]


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # A profile that does not exist: who runs locally must not need a sound AWS configuration.
    return {**kept, "NO_COLOR": "1", "COLUMNS": "400", "AWS_PROFILE": "does-not-exist", **changes}


def stepweave(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stepweave.command.entry import main; main()", *map(str, arguments)],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def make_project(folder: Path) -> Path:
    folder.mkdir()
    for name in SOURCES:
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose local cloud is up."""
    folder = make_project(tmp_path_factory.mktemp("up") / "project")
    try:
        started = stepweave(folder, "local", "up", "--port", "0")
        assert started.returncode == 0, started.stderr
        yield folder
    finally:
        stepweave(folder, "local", "down")


@pytest.fixture(scope="module")
def status(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stepweave(project, "local", "status", "--json").stdout)
    return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repositories") / "demo"
    folder.mkdir()
    (folder / "tool.py").write_text(CODE)
    (folder / "test_tool.py").write_text("import tool\n\n\ndef test_run():\n    assert tool.run('1') == 1\n")
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_a_local_cloud_that_is_up_says_where_and_what_it_holds(project: Path, status: dict[str, Any]) -> None:
    assert status["running"] is True
    assert set(status["state_machines"]) == {"code-review"}
    again = stepweave(project, "local", "up", "--port", "0")
    assert again.returncode == 0
    assert status["endpoint_url"] in again.stdout
    assert status["state_machines"]["code-review"] in again.stdout
    assert "found nothing to deploy" in again.stderr


def test_a_review_as_json(project: Path, repository: Path, status: dict[str, Any], tmp_path: Path) -> None:
    result = stepweave(project, "run", "code-review", "--repo", repository, "--json", "--reports", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    (line,) = result.stdout.splitlines()
    value = json.loads(line)
    assert value["status"] == "SUCCEEDED"
    assert value["execution_arn"].startswith(
        status["state_machines"]["code-review"].replace(":stateMachine:", ":execution:")
    )
    assert value["seconds"] > 0
    assert set(value["tasks"]) == TASKS
    assert {task["status"] for task in value["tasks"].values()} == {"done"}
    assert value["output"]["complete"] is True

    assert {name: Path(path).suffix for name, path in value["reports"].items()} == {
        "json": ".json",
        "markdown": ".md",
        "html": ".html",
        "sarif": ".sarif",
    }
    assert all(Path(path).parent == tmp_path / "out" for path in value["reports"].values())
    assert json.loads(Path(value["reports"]["sarif"]).read_text())["version"] == "2.1.0"

    found = json.loads(subprocess.run(RUFF, cwd=repository, capture_output=True, check=True).stdout)
    assert value["output"]["summary"]["lint_findings"] == len(found) > 0
    assert value["output"]["summary"]["security_findings"] > 0


def test_a_review_for_a_person(project: Path, repository: Path) -> None:
    result = stepweave(project, "run", "code-review", "--repo", repository, "--name", "for-a-person")
    assert result.returncode == 0, result.stderr
    assert "code-review succeeded after" in result.stdout
    for label in ("lint findings", "security findings", "complexity", "reached by tests", "docstrings"):
        assert f"\n  {label} " in result.stdout
    for name in ("report.json", "report.md", "report.html", "report.sarif"):
        assert f"stepweave-reports/code-review/for-a-person/{name}" in result.stdout
        assert (project / "stepweave-reports" / "code-review" / "for-a-person" / name).stat().st_size > 0
    lines = result.stderr.splitlines()
    for task in TASKS:
        assert any(line.startswith(f"{task} done ") for line in lines), task


def test_a_plain_boto3_script_runs_it_too(repository: Path, project: Path, status: dict[str, Any]) -> None:
    value = json.loads(stepweave(project, "run", "code-review", "--repo", repository, "--json").stdout)
    script = f"""
import boto3
client = boto3.client("stepfunctions", endpoint_url={status["endpoint_url"]!r})
given = client.describe_execution(executionArn={value["execution_arn"]!r})["input"]
started = client.start_execution(stateMachineArn={status["state_machines"]["code-review"]!r}, input=given)
history = client.get_execution_history(executionArn=started["executionArn"])
print(history["events"][0]["type"])
"""
    variables = {"AWS_ACCESS_KEY_ID": "stepweave-local", "AWS_SECRET_ACCESS_KEY": "stepweave-local"}
    clean = environment(**variables, AWS_DEFAULT_REGION="us-east-1")
    del clean["AWS_PROFILE"]
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=clean, check=False)
    assert ended.stdout == "ExecutionStarted\n", ended.stderr


def test_a_name_that_is_taken_is_refused(project: Path, repository: Path) -> None:
    for expected in (0, 2):
        result = stepweave(project, "run", "code-review", "--repo", repository, "--name", "taken", "--json")
        assert result.returncode == expected
    assert result.stdout == ""
    assert "an execution named taken exists already" in result.stderr


def test_ctrl_c_stops_a_local_execution(project: Path, repository: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTIBLE, "run", "code-review", "--json"]
    running = subprocess.Popen(
        [*command, "--repo", str(repository)],
        cwd=project,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "running code-review-" in line:
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    value = json.loads(out)
    assert value["status"] == "ABORTED"
    assert not {task["status"] for task in value["tasks"].values()} & {"running", "retrying"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_local_execution_and_shows_the_cursor(
    project: Path, repository: Path, number: signal.Signals
) -> None:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "run", "code-review", "--json", "--repo", str(repository)],
        cwd=project,
        env=environment(PYTHONPATH=str(ROOT), TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    sent = False
    while True:
        try:
            said += os.read(ours, 65_536)
        except OSError:  # the process has ended, and all of it was read
            break
        # The table of tasks hides the cursor after it was said what runs.
        if not sent and b"\x1b[?25l" in said.partition(b"running code-review-")[2]:
            running.send_signal(number)
            sent = True
    out, _ = running.communicate(timeout=120)
    os.close(ours)
    assert (running.returncode, sent) == (128 + number, True), said
    assert said.rfind(b"\x1b[?25h") > said.rfind(b"\x1b[?25l")
    assert b"Traceback" not in said
    assert json.loads(out)["status"] == "ABORTED"


def _little_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def test_reports_for_which_there_is_no_room_do_not_hide_what_came_of_the_run(project: Path, repository: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTIBLE, "run", "code-review", "--repo", str(repository), "--name", "no-room"],
        cwd=project,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        preexec_fn=_little_room,
    )
    assert result.returncode == 1
    assert "code-review succeeded after" in result.stdout
    (line,) = [line for line in result.stderr.splitlines() if "could not be fetched" in line]
    assert "stepweave-reports/code-review/no-room/report." in line
    assert line.endswith(": File too large")
    assert "Traceback" not in result.stderr


def test_a_local_cloud_that_cannot_write_its_state_says_so_in_one_line(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project")
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTIBLE, "local", "up", "--port", "0", "--no-deploy"],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY)),
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"error: {folder}/.stepweave: File too large"
    assert stepweave(folder, "local", "status").returncode == 1
    assert not list((folder / ".stepweave").glob("*.tmp"))


@pytest.mark.slow
def test_without_a_local_cloud_one_lasts_for_the_run(repository: Path, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project")
    result = stepweave(folder, "run", "code-review", "--repo", repository, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["output"]["complete"] is True
    assert "starting a local cloud for this run" in result.stderr
    assert "Traceback" not in result.stderr
    assert stepweave(folder, "local", "status").returncode == 1


def test_an_app_that_cannot_be_synthesized_says_why(repository: Path, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project")
    (folder / "app.py").unlink()
    (folder / "app.py").write_text("raise ValueError('the app is not finished')\n")
    result = stepweave(folder, "run", "code-review", "--repo", repository, "--json")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "failed: the app is not finished" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in (folder / ".stepweave" / "synth.log").read_text()


@pytest.mark.slow
def test_a_local_cloud_in_the_foreground_ends_with_ctrl_c(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project")
    command = [sys.executable, "-c", INTERRUPTIBLE, "local", "up", "--foreground"]
    running = subprocess.Popen(
        [*command, "--port", "0", "--no-deploy"],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if "Ctrl-C" in line:
            break
    assert json.loads(stepweave(folder, "local", "status", "--json").stdout)["running"] is True
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert json.loads(stepweave(folder, "local", "status", "--json").stdout)["running"] is False
