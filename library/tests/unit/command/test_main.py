"""The command as it is called, up to where an execution would start."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.compiler.compile import compile_workflow
from stepweave.project.catalog import workflows

PLAIN = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}


def stepweave(*arguments: str | Path) -> Result:
    return CliRunner(env=PLAIN).invoke(app, [str(argument) for argument in arguments])


def test_version() -> None:
    result = stepweave("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("stepweave ")


@pytest.mark.parametrize(
    "arguments", [(), ("list",), ("synth",), ("run",), ("local",), ("local", "up"), ("dlq",), ("breaker",)]
)
def test_every_subcommand_explains_itself(arguments: tuple[str, ...]) -> None:
    result = stepweave(*arguments, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_list_names_workflows_and_what_they_take() -> None:
    result = stepweave("list")
    assert "code-review" in result.stdout
    assert "input repo: RepoRef (--repo PATH)" in result.stdout
    entries = {entry["name"]: entry for entry in json.loads(stepweave("list", "--json").stdout)}
    assert set(entries) == set(workflows())
    assert entries["code-review"]["inputs"] == {"repo": "RepoRef"}
    assert "security_scan" in entries["code-review"]["tasks"]


def test_synth_prints_the_compiled_definition_and_nothing_else() -> None:
    for name, workflow in workflows().items():
        result = stepweave("synth", name)
        assert result.stdout == compile_workflow(workflow).to_json()
        assert result.stderr == ""
    assert stepweave("synth", "code_review").stdout == stepweave("synth", "code-review").stdout


SYNTH = """
import sys
from stepweave.command.main import main
sys.argv = ["stepweave", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
heavy = {"boto3", "botocore", "moto", "aws_cdk", "jsii"}
sys.exit(",".join(sorted(heavy & {name.partition(".")[0] for name in sys.modules})) or 0)
"""


@pytest.mark.parametrize("arguments", [("synth", "code-review"), ("list",), ("--help",), ("run", "--help")])
def test_what_needs_no_cloud_imports_none(arguments: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SYNTH, *arguments], capture_output=True, text=True, check=False, env=PLAIN
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("synth", "code-revew"), "no workflow is called 'code-revew'\n  did you mean code-review?"),
        (("run", "nothing-like-it"), "no workflow is called 'nothing-like-it'\n  known: "),
        (("run", "code-review"), "workflow code-review needs a repository: its input 'repo'"),
        (("run", "code-review", "--repo", ".", "--input", '{"depth": 1}'), "input 'depth' is unknown"),
        (("run", "code-review", "--repo", ".", "--input", "{"), "--input: not valid JSON, at line 1, column 2"),
        (("run", "code-review", "--repo", ".", "--input", "@missing.json"), "cannot read missing.json"),
        (("run", "code-review", "--repo", ".", "--name", "a b"), "execution name 'a b'"),
        (("run", "code-review", "--repo", "/nowhere/at/all"), "/nowhere/at/all: no such directory"),
    ],
)
def test_what_cannot_be_run_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = stepweave(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    result = stepweave("run", "code-review", "--repo", tmp_path)
    assert result.exit_code == 2
    assert "is not a Git repository" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("nope",), ("synth",), ("run", "code-review", "--nope"), ("local", "up", "--port", "x")]
)
def test_what_the_command_line_does_not_know_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    result = stepweave(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_an_endpoint_that_is_no_url_is_refused(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.py").touch()
    subprocess.run(["git", "-C", tmp_path, "add", "a.py"], check=True)
    result = stepweave("run", "code-review", "--repo", tmp_path, "--endpoint-url", "localhost")
    assert result.exit_code == 2
    assert "endpoint 'localhost' is no URL" in result.stderr


def test_an_endpoint_where_nobody_listens_is_named(tmp_path: Path, unused_port: int) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.py").touch()
    subprocess.run(["git", "-C", tmp_path, "add", "a.py"], check=True)
    url = f"http://localhost:{unused_port}"
    result = stepweave("run", "code-review", "--repo", tmp_path, "--endpoint-url", url)
    assert result.exit_code == 1
    assert url in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
