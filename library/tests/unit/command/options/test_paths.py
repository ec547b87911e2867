"""Every option that names a path refuses one that cannot be used before anything else is done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepweave.command.main import app

DAG = '{"tasks": [{"id": "a", "seconds": 0}]}'
FOLDERS = [
    ["run", "word-count", "--texts", ".", "--reports"],
    ["synth", "word-count", "--out"],
    ["local", "up", "--persist"],
]
FILES = [["run", "--dag"], ["synth", "--dag"], ["plan", "--dag"]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text(DAG)
    (tmp_path / "nothing").symlink_to("missing")


@pytest.mark.parametrize("value", ["", " ", "file", "file/below", "nothing", "x" * 5000, "a\0b"])
@pytest.mark.parametrize("command", FOLDERS, ids=" ".join)
def test_a_folder_that_cannot_be_written_to(command: list[str], value: str) -> None:
    result = CliRunner().invoke(app, [*command, value])
    assert result.exit_code == 2, result.output
    assert command[-1] in result.output


@pytest.mark.parametrize("value", ["", " ", "missing", "file/below", "nothing", ".", "x" * 5000, "a\0b"])
@pytest.mark.parametrize("command", FILES, ids=" ".join)
def test_a_file_that_cannot_be_read(command: list[str], value: str) -> None:
    result = CliRunner().invoke(app, [*command, value])
    assert result.exit_code == 2, result.output
    assert command[-1] in result.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o500)
    result = CliRunner().invoke(app, ["synth", "word-count", "--out", "theirs/mine"])
    assert result.exit_code == 2
    assert "permission denied" in result.output


@pytest.mark.parametrize("value", ["", "@", "@missing", "@.", "@a\0b", "@" + "x" * 5000])
def test_an_input_that_cannot_be_read(value: str) -> None:
    result = CliRunner().invoke(app, ["run", "word-count", "--input", value])
    assert result.exit_code == 2, result.output


def test_reports_that_cannot_be_written_where_they_go_by_default(tmp_path: Path) -> None:
    (tmp_path / "stepweave-reports").write_text("")
    result = CliRunner().invoke(app, ["run", "word-count", "--texts", "."])
    assert result.exit_code == 2
    assert "--reports DIR" in result.output
