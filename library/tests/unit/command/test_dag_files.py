"""DAG files on the command line, up to where an execution would start."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app

PLAIN = {"NO_COLOR": "1", "COLUMNS": "400", "TERM": "dumb"}
N_SHAPE = [
    {"id": "a", "seconds": 1},
    {"id": "b", "seconds": 2},
    {"id": "c", "seconds": 3, "depends_on": ["a"]},
    {"id": "d", "seconds": 4, "depends_on": ["a", "b"]},
]


def stepweave(*arguments: str | Path) -> Result:
    return CliRunner(env=PLAIN).invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def dag(tmp_path: Path) -> Path:
    return written(tmp_path / "n-shape.json", N_SHAPE)


def written(path: Path, tasks: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"durations": "real", "tasks": tasks}))
    return path


def tasks_of(machine: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, state in machine["States"].items():
        if state.get("Resource") == "${agent_replayer}":
            found[name] = state
        for branch in state.get("Branches", ()):
            found |= tasks_of(branch)
    return found


def test_synth_prints_the_state_machine_of_a_dag_file(dag: Path) -> None:
    result = stepweave("synth", "--dag", dag, "--time-scale", "0.5")
    assert (result.exit_code, result.stderr) == (0, "")
    states = tasks_of(json.loads(result.stdout))
    assert {name: state["Parameters"]["input"]["seconds"] for name, state in states.items()} == {
        "a": 0.5,
        "b": 1.0,
        "c": 1.5,
        "d": 2.0,
    }


def test_synth_writes_one_file_per_definition(dag: Path, tmp_path: Path) -> None:
    result = stepweave("synth", "--dag", dag, "--out", tmp_path / "deep" / "out")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [str(tmp_path / "deep" / "out" / "main.asl.json")]
    assert [path.name for path in (tmp_path / "deep" / "out").iterdir()] == ["main.asl.json"]
    assert (tmp_path / "deep" / "out" / "main.asl.json").read_text() == stepweave("synth", "--dag", dag).stdout
    assert stepweave("synth", "word-count", "--out", tmp_path / "counting").exit_code == 0
    assert (tmp_path / "counting" / "main.asl.json").read_text() == stepweave("synth", "word-count").stdout


def test_a_folder_that_cannot_be_written_to_is_named(dag: Path) -> None:
    result = stepweave("synth", "--dag", dag, "--out", dag)
    assert result.exit_code == 2
    assert f"{dag} is a file" in " ".join(result.stderr.split())


def test_long_ids_are_shortened_aloud(tmp_path: Path) -> None:
    path = written(tmp_path / "long.json", [{"id": "x" * 100, "seconds": 1}])
    refused = stepweave("synth", "--dag", path)
    assert refused.exit_code == 2
    assert f"{path}: tasks[0].id: " in refused.stderr
    assert "pass --shorten-ids" in refused.stderr
    result = stepweave("synth", "--dag", path, "--shorten-ids")
    assert result.exit_code == 0
    (name,) = tasks_of(json.loads(result.stdout))
    assert len(name) == 80
    assert f"{'x' * 100} is {name}" in result.stderr


def test_what_takes_too_long_can_be_looked_at_but_not_run(tmp_path: Path) -> None:
    path = written(tmp_path / "slow.json", [{"id": "a", "seconds": 9_000}])
    shown = stepweave("synth", "--dag", path)
    assert shown.exit_code == 0
    assert "warning: " in shown.stderr
    assert tasks_of(json.loads(shown.stdout))["a"]["Parameters"]["input"]["seconds"] == 9_000
    refused = stepweave("run", "--dag", path)
    assert refused.exit_code == 2
    assert "choose a time scale of at most 0.097" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("synth",), "neither a workflow nor a DAG file is named"),
        (("run",), "neither a workflow nor a DAG file is named"),
        (("synth", "word-count", "--dag", "DAG"), "both a workflow and a DAG file are named"),
        (("synth", "word-count", "--time-scale", "2"), "--time-scale belongs to a DAG file"),
        (("run", "word-count", "--shorten-ids"), "--shorten-ids belongs to a DAG file"),
        (("run", "--dag", "DAG", "--time-scale", "-1"), "--time-scale -1.0: must be a number of at least 0"),
        (("synth", "--dag", "DAG", "--time-scale", "nan"), "--time-scale nan: must be a number of at least 0"),
        (("run", "--dag", "DAG", "--texts", "."), "no such option: --texts"),
        (("run", "--texts", ".", "--dag", "DAG"), "no such option: --texts"),
        (("run", "--dag", "DAG", "--input", "{}"), "--input is given, but a DAG file takes no input"),
        (("run", "--dag", "missing.json"), "missing.json: no such file"),
        (("run", "--dag", "DAG", "--name", "a b"), "execution name 'a b'"),
    ],
)
def test_what_cannot_be_done_is_refused(dag: Path, arguments: tuple[str, ...], said: str) -> None:
    result = stepweave(*(str(dag) if argument == "DAG" else argument for argument in arguments))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
