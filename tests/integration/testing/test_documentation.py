"""What the documentation shows to copy works as it stands."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.command.main import app

ROOT = Path(__file__).resolve().parents[3]

_PROJECT = ("lambdas", "requirements", "scripts", "stacks", "state_machines")
_NAMED_BLOCK = re.compile(r"```python\n(# (\S+\.py)\n.*?)```", re.DOTALL)


def files_shown(document: str) -> dict[str, str]:
    """The Python files that a document shows: a block whose first line is a comment with a path is one."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return {path: code for code, path in _NAMED_BLOCK.findall(text)}


@pytest.mark.timeout(240)
def test_the_test_of_a_workflow_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = files_shown("testing.md").values()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(test_naps=example)
    result = pytester.runpytest_subprocess("-p", "scripts.testing.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)


@pytest.mark.timeout(240)
def test_the_agent_that_may_fail_does_as_it_is_said(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = files_shown("faults.md")
    assert set(shown) == {
        "lambdas/forecaster/contract.py",
        "lambdas/forecaster/handler.py",
        "state_machines/workflows/outing.py",
        "tests/test_faults.py",
    }
    for folder in _PROJECT:
        shutil.copytree(ROOT / folder, pytester.path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cdk.json", pytester.path)
    for path, code in shown.items():
        (pytester.path / path).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / path).write_text(code, encoding="utf-8")
    agents = pytester.path / "lambdas"
    (agents / "forecaster" / "__init__.py").touch()
    shutil.copy(agents / "replayer" / "requirements.txt", agents / "forecaster")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    result = pytester.runpytest_subprocess("-p", "scripts.testing.plugin", "-p", "no:cacheprovider", "tests")
    result.assert_outcomes(passed=shown["tests/test_faults.py"].count("\ndef test_"))


def test_the_plan_of_the_dag_file_is_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "dag_files.md").read_text(encoding="utf-8")
    graph = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    plan = re.search(r"\$ (stepweave plan --dag graph\.json)\n(.*?)```", text, re.DOTALL)
    assert graph is not None
    assert plan is not None
    (tmp_path / "graph.json").write_text(graph[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "100"}).invoke(app, plan[1].split()[1:])
    assert result.exit_code == 0
    assert _lines(result.stdout) == _lines(plan[2])


def test_every_link_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
        anchors = {
            re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)", text)
        }
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_every_command_that_is_shown_exists() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for line in re.findall(r"(?m)^\$ stepweave ([a-z ]+)", document.read_text(encoding="utf-8")):
            command, *rest = line.split()
            group = [command, rest[0]] if command in {"dlq", "breaker", "local"} else [command]
            assert CliRunner().invoke(app, [*group, "--help"]).exit_code == 0, f"{document.name}: stepweave {line}"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
