"""What agents need is pinned by uv, together with what the runtime needs."""

import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stepweave.command.main import app
from stepweave.command.requirements import pins

FAKE_UV = """#!/bin/sh
while [ "$#" -gt 1 ]; do
    case "$1" in
        --output-file) out="$2" ;;
        --constraints) constraints="$2" ;;
    esac
    previous="$1"; shift
done
grep -q impossible "$previous" && { echo "no such thing" >&2; exit 1; }
{ echo "# by $constraints"; cat "$previous" "$1"; } > "$out"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a uv that resolves nothing but writes what it was given."""
    (tmp_path / "pyproject.toml").write_text('[tool.stepweave]\nnamespace = "claims"\n')
    uv = tmp_path / "uv"
    uv.write_text(FAKE_UV)
    uv.chmod(uv.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr(pins, "_uv", lambda: str(uv))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add_agent(project: Path, name: str, wants: str) -> Path:
    folder = project / "lambdas" / name
    folder.mkdir(parents=True)
    (folder / "requirements.in").write_text(wants)
    return folder / "requirements.txt"


def requirements() -> Result:
    return CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200"}).invoke(app, ["requirements"])


def test_every_agent_that_needs_something_gets_it_and_the_runtimes(project: Path) -> None:
    first, second = (add_agent(project, name, f"{name}-needs\n") for name in ("a", "b"))
    (project / "lambdas" / "modest").mkdir()
    result = requirements()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"lambdas{os.sep}a{os.sep}requirements.txt: compiled",
        f"lambdas{os.sep}b{os.sep}requirements.txt: compiled",
    ]
    for name, file in (("a", first), ("b", second)):
        assert f"{name}-needs" in file.read_text()
        assert "aws-lambda-powertools" in file.read_text()
    assert not (project / "lambdas/modest/requirements.txt").exists()


def test_versions_are_those_of_the_environment_in_which_agents_are_tested(project: Path) -> None:
    file = add_agent(project, "a", "needs\n")
    requirements()
    assert "command/init/template/requirements/stepweave.txt" in file.read_text().splitlines()[0]
    own = project / "requirements" / "stepweave.txt"
    own.parent.mkdir()
    own.write_text("")
    requirements()
    assert file.read_text().splitlines()[0] == f"# by {own}"


def test_what_cannot_be_resolved_names_the_agent_and_leaves_its_pins(project: Path) -> None:
    file = add_agent(project, "a", "impossible\n")
    file.write_text("as before")
    result = requirements()
    assert result.exit_code == 1
    assert "lambdas/a/requirements.in: uv could not resolve it" in result.stderr
    assert "no such thing" in result.stderr
    assert file.read_text() == "as before"


def test_without_requirements_there_is_nothing_to_do(project: Path) -> None:
    result = requirements()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no agent has a requirements.in" in result.stderr
