"""What the documentation shows to copy works as it stands."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from stepweave.command.main import app
from stepweave.project.settings import PROJECT_VARIABLE
from tests.sample_project import SAMPLE

ROOT = Path(__file__).resolve().parents[4]

_NAMED_BLOCK = re.compile(r"```python\n(# (\S+\.py)\n.*?)```", re.DOTALL)


def files_shown(document: str) -> dict[str, str]:
    """The Python files that a document shows: a block whose first line is a comment with a path is one."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return {path: code for code, path in _NAMED_BLOCK.findall(text)}


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """The files that a reader of both documents has copied."""
    of_testing, of_faults = files_shown("testing.md"), files_shown("faults.md")
    assert set(of_testing) == {"tests/test_naps.py"}
    assert set(of_faults) == {
        "lambdas/forecaster/contract.py",
        "lambdas/forecaster/handler.py",
        "state_machines/workflows/outing.py",
        "tests/test_faults.py",
    }
    return of_testing | of_faults


@pytest.fixture(scope="module")
def outcomes(shown: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Counter[tuple[str, str]]:
    """How many tests of each file passed or did not, in a copy of this project with the files that are shown.

    They run in one process, as each that starts a local cloud and deploys into it takes most of its time for that.
    """
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", ".stepweave"), dirs_exist_ok=True)
    for path, code in shown.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(code, encoding="utf-8")
    agents = project / "lambdas"
    (agents / "forecaster" / "__init__.py").touch()
    # Bundles are known by what they are made of: what was bundled before need not be again.
    (project / ".stepweave").mkdir()
    (SAMPLE / ".stepweave" / "bundles").mkdir(parents=True, exist_ok=True)
    (project / ".stepweave" / "bundles").symlink_to(SAMPLE / ".stepweave" / "bundles")
    report = project / "report.xml"
    options = ["-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": str(project), PROJECT_VARIABLE: str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.is_file(), done.stderr
    print(done.stdout)  # noqa: T201 - for who reads why a test failed
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by the process above
    return Counter((case.attrib["classname"], "passed" if len(case) == 0 else case[0].tag) for case in cases)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", ["test_naps", "test_faults"])
def test_the_tests_that_are_shown_run(name: str, shown: dict[str, str], outcomes: Counter[tuple[str, str]]) -> None:
    written = shown[f"tests/{name}.py"].count("\ndef test_")
    assert written > 1
    found = {outcome: count for (case, outcome), count in outcomes.items() if case == f"tests.{name}"}
    assert found == {"passed": written}


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
