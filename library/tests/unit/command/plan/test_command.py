"""`stepweave plan` as it is called."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.compiler.learned_durations import LearnedDurations

PLAIN = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
N_SHAPE = [
    {"id": "a", "seconds": 1.0, "depends_on": []},
    {"id": "b", "seconds": 2.0, "depends_on": []},
    {"id": "c", "seconds": 1.0, "depends_on": ["a"]},
    {"id": "d", "seconds": 1.0, "depends_on": ["a", "b"]},
]


def plan(*arguments: str | Path) -> Result:
    return CliRunner(env=PLAIN).invoke(app, ["plan", *map(str, arguments)])


@pytest.fixture
def n_shape(tmp_path: Path) -> Path:
    file = tmp_path / "n-shape.json"
    file.write_text(json.dumps({"tasks": N_SHAPE}))
    return file


def test_json_holds_the_figures_of_the_strategy_and_of_all(n_shape: Path) -> None:
    for strategy, gates in (("auto", 0), ("gates", 1), ("levels", 0)):
        result = plan("--dag", n_shape, "--json", "--strategy", strategy)
        assert result.exit_code == 0
        assert result.stderr == ""
        said = json.loads(result.stdout)
        assert said["gates"] == gates
        assert {name: said[name] for name in said["strategies"][strategy]} == said["strategies"][strategy]
        assert said["critical_path_seconds"] == said["makespan_seconds"] == said["levels_makespan_seconds"] == 3.0


def test_the_table_has_a_column_for_each_strategy_and_marks_the_one_asked_for(n_shape: Path) -> None:
    result = plan("--dag", n_shape, "--strategy", "gates")
    lines = result.stdout.splitlines()
    assert "4 tasks, 3 dependencies, not series-parallel; critical path 3.0s" in lines[0]
    assert next(line.split() for line in lines if "auto" in line) == ["auto", ">", "gates", "levels"]
    assert ["transitions", "5", "6", "6"] in [line.split() for line in lines]


def test_unknown_durations_are_told_apart_from_the_result(n_shape: Path) -> None:
    n_shape.write_text(json.dumps({"durations": "unknown", "tasks": N_SHAPE}))
    result = plan("--dag", n_shape, "--json")
    assert "the duration of all tasks is unknown (a, b, c ...)" in result.stderr
    assert json.loads(result.stdout)["gates"] == 1


def test_a_workflow_is_planned_with_what_was_learned_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = json.loads(plan("word-count", "--json").stdout)
    assert before["tasks"] == 4
    learned = LearnedDurations(executions=1, seconds={"publish": before["critical_path_seconds"] + 9.0})
    monkeypatch.setattr("stepweave.compiler.learned_durations.learned_durations", lambda workflow: learned)
    after = json.loads(plan("word-count", "--json").stdout)
    assert after["critical_path_seconds"] > before["critical_path_seconds"] + 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "neither a workflow nor a DAG file"),
        (("word-count", "--dag", __file__), "both a workflow and a DAG file"),
        (("word-cuont",), "did you mean word-count?"),
        (("--dag", "missing.json"), "missing.json"),
        (("word-count", "--strategy", "guess"), "guess"),
        (("word-count", "--shorten-ids"), "--shorten-ids"),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments: tuple[str, ...], said: str) -> None:
    result = plan(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
