"""What the documentation shows to copy works as it stands."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from stepweave.command.main import app
from stepweave.project.settings import require_project

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTS = [ROOT / "README.md", *(ROOT / "library").glob("*.md"), *(ROOT / "docs").rglob("*.md")]

_EXAMPLES = ROOT / "docs" / "examples"
_NAMED_BLOCK = re.compile(r"```python\n(# (\S+\.py)\n.*?)```", re.DOTALL)


def files_shown(document: str) -> dict[str, str]:
    """The Python files that a document shows: a block whose first line is a comment with a path is one."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return {path: code for code, path in _NAMED_BLOCK.findall(text)}


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """The files that a reader of both documents has copied."""
    of_testing, of_faults = files_shown("testing.md"), files_shown("faults.md")
    assert set(of_testing) == {"tests/test_shipping.py"}
    assert set(of_faults) == {
        "lambdas/forecaster/contract.py",
        "lambdas/forecaster/handler.py",
        "state_machines/outing.py",
        "tests/test_faults.py",
    }
    return of_testing | of_faults


@pytest.fixture(scope="module")
def project(shown: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples' project, with the files that are shown."""
    project = tmp_path_factory.mktemp("documentation") / "project"
    shutil.copytree(_EXAMPLES, project, ignore=shutil.ignore_patterns("__pycache__", ".stepweave"))
    for path, code in shown.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(code, encoding="utf-8")
    (project / "lambdas" / "forecaster" / "__init__.py").touch()
    # Bundles are known by what they are made of: what was bundled before need not be again.
    bundles = require_project(ROOT).bundles
    bundles.mkdir(parents=True, exist_ok=True)
    (project / ".stepweave").mkdir()
    (project / ".stepweave" / "bundles").symlink_to(bundles)
    return project


@pytest.fixture(scope="module")
def outcomes(project: Path) -> Counter[tuple[str, str]]:
    """How many tests of each file passed or did not.

    They run in one process, as each that starts a local cloud and deploys into it takes most of its time for that.
    """
    report = project / "report.xml"
    options = ["-p", "no:cacheprovider", f"--junitxml={report}"]
    ours = ("PYTEST_", "PYTHONPATH", "STEPWEAVE_PROJECT")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.is_file(), done.stdout + done.stderr
    print(done.stdout)  # noqa: T201 - for who reads why a test failed
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by the process above
    return Counter((case.attrib["classname"], "passed" if len(case) == 0 else case[0].tag) for case in cases)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["test_shipping", "test_faults", "test_examples"])
def test_the_tests_that_are_shown_pass(name: str, project: Path, outcomes: Counter[tuple[str, str]]) -> None:
    written = (project / "tests" / f"{name}.py").read_text(encoding="utf-8").count("\ndef test_")
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", document.read_text(encoding="utf-8")):
        file = document.parent / target if target else document
        assert file.exists(), f"it links to {target}"
        assert not anchor or anchor in _anchors(file), f"it links to {target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_shown_exists(document: Path) -> None:
    for line in re.findall(r"(?m)^\$ (?:\S*/)?stepweave (.*)$", document.read_text(encoding="utf-8")):
        words = shlex.split(line, comments=True)
        command = typer.main.get_command(app)
        path = ["stepweave"]
        while words and isinstance(command, TyperGroup):
            path.append(words.pop(0))
            assert path[-1] in command.commands, f"no such command: {' '.join(path)}"
            command = command.commands[path[-1]]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        if not command.context_settings.get("ignore_unknown_options"):  # else some are inputs of the workflow
            used = {word.partition("=")[0] for word in words if word.startswith("-")}
            assert used <= {*known, "--help"}, f"{' '.join(path)}: no such option"


def _anchors(document: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.*)", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
