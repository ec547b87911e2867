"""The command as it is called, up to where an execution would start."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.command.run.input_options import OWN_OPTIONS
from stepweave.compiler.compile import compile_workflow
from stepweave.project.catalog import workflows
from stepweave.project.settings import PROJECT_VARIABLE
from tests.sample_project import SAMPLE

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
    assert "word-count" in result.stdout
    assert "input texts: Texts (--texts PATH)" in result.stdout
    entries = {entry["name"]: entry for entry in json.loads(stepweave("list", "--json").stdout)}
    assert set(entries) == set(workflows())
    assert entries["word-count"]["inputs"] == {"texts": "Texts"}
    assert "count_lines" in entries["word-count"]["tasks"]


def test_synth_prints_the_compiled_definition_and_nothing_else() -> None:
    for name, workflow in workflows().items():
        result = stepweave("synth", name)
        assert result.stdout == compile_workflow(workflow).to_json()
        assert result.stderr == ""
    assert stepweave("synth", "word_count").stdout == stepweave("synth", "word-count").stdout


SYNTH = """
import sys
from stepweave.command.main import main
sys.argv = ["stepweave", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
heavy = {"boto3", "botocore", "moto", "aws_cdk", "jsii"} | ({"pydantic"} if sys.argv[1] == "--help" else set())
sys.exit(",".join(sorted(heavy & {name.partition(".")[0] for name in sys.modules})) or 0)
"""


@pytest.mark.parametrize("arguments", [("synth", "word-count"), ("list",), ("--help",), ("run", "--help")])
def test_what_needs_no_cloud_imports_none(arguments: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SYNTH, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=PLAIN | {PROJECT_VARIABLE: str(SAMPLE)},
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("synth", "word-cuont"), "no workflow is called 'word-cuont'\n  did you mean word-count?"),
        (("run", "nothing-like-it"), "no workflow is called 'nothing-like-it'\n  known: "),
        (("run", "word-count"), "input 'texts' is missing\n  add --texts PATH; "),
        (("run", "word-count", "--texts", ".", "--input", '{"depth": 1}'), "input 'depth' is unknown"),
        (("run", "word-count", "--texts", ".", "--input", "{"), "--input: not valid JSON, at line 1, column 2"),
        (("run", "word-count", "--texts", ".", "--input", "@missing.json"), "cannot read missing.json"),
        (("run", "word-count", "--texts", ".", "--name", "a b"), "execution name 'a b'"),
        (("run", "word-count", "--texts", "/nowhere/at/all"), "/nowhere/at/all: no such directory"),
        (("run", "--texts", "/nowhere/at/all", "word-count"), "/nowhere/at/all: no such directory"),
        (("run", "word-count", "--text", "."), "no such option: --text\n  did you mean --texts?"),
        (("run", "word-count", "--texts", ".", "--nam=x"), "no such option: --nam\n  did you mean --name?"),
        (("run", "--texts", ".", "word-cuont"), "no such option: --texts\n  name the workflow first"),
        (("run", "word-count", "extra"), "unexpected argument: extra"),
    ],
)
def test_what_cannot_be_run_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = stepweave(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_the_help_of_a_workflow_says_how_its_inputs_are_given() -> None:
    for arguments in (("word-count", "--help"), ("--help", "word-count"), ("word_count", "--texts", "x", "-h")):
        result = stepweave("run", *arguments)
        assert result.exit_code == 0
        assert "Usage:" in result.stdout
        assert result.stdout.rstrip().endswith("Inputs of word-count:\n   texts: Texts (--texts PATH)")
    assert "Inputs of" not in stepweave("run", "nothing", "--help").stdout


def test_the_names_of_its_own_options_are_no_inputs() -> None:
    command: Any = get_command(app)
    options = {option for parameter in command.commands["run"].params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} | {"--help"} == OWN_OPTIONS


@pytest.mark.parametrize(
    "arguments", [("nope",), ("synth",), ("run", "word-count", "--nope"), ("local", "up", "--port", "x")]
)
def test_what_the_command_line_does_not_know_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    result = stepweave(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("some words")
    return tmp_path


def test_an_endpoint_that_is_no_url_is_refused(texts: Path) -> None:
    result = stepweave("run", "word-count", "--texts", texts, "--endpoint-url", "localhost")
    assert result.exit_code == 2
    assert "endpoint 'localhost' is no URL" in result.stderr


def test_an_endpoint_where_nobody_listens_is_named(texts: Path, unused_port: int) -> None:
    url = f"http://localhost:{unused_port}"
    result = stepweave("run", "word-count", "--texts", texts, "--endpoint-url", url)
    assert result.exit_code == 1
    assert url in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
