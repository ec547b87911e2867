"""``stepweave run code-review --repo WORD``, up to where an execution would start."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepweave.command.main import app
from stepweave.project.settings import PROJECT_VARIABLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder elsewhere with a file, and a link to nothing."""
    monkeypatch.setenv(PROJECT_VARIABLE, str(ROOT))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "nothing").symlink_to("missing")
    return tmp_path


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "the path of the repository is empty"),
        ("missing", "no such directory"),
        ("file", "is a file"),
        ("file/below", "no such directory"),
        ("nothing", "no such directory"),
        ("x" * 5000, "File name too long"),
        ("a\0b", "null byte"),
        ("~nobody-of-that-name/x", "home directory"),
        ("file:///missing", "no Git repository is there"),
        ("file:///", "no Git repository is there"),
        (".", "is not a Git repository"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_repository_that_is_none(value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepweave.command.run.run_workflow.choose_target", lambda *_, **__: pytest.fail("it went on"))
    result = CliRunner().invoke(app, ["run", "code-review", "--repo", value])
    assert result.exit_code == 2, result.output
    assert said in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("here")
def test_a_review_without_a_repository_says_how_it_is_given() -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["run", "code-review"])
    assert result.exit_code == 2
    assert "input 'repo' is missing\n  add --repo PATH|URL; " in result.output
    assert "repo: RepoRef (--repo PATH|URL, " in CliRunner().invoke(app, ["run", "code-review", "--help"]).output
