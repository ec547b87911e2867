"""Agents and workflows are added to a project by the command, in a process of its own as a user calls it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stepweave.command.errors import CommandError
from stepweave.command.init.project import make
from stepweave.command.new.agent import add_agent
from stepweave.command.new.workflow import add_workflow
from stepweave.project.settings import require_project

COMMAND = "from stepweave.command.main import main; main()"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("new") / "claims", None, "0.2.0", None)


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A new project, for one test."""
    return Path(shutil.copytree(made, tmp_path / "claims"))


def stepweave(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-B", "-c", COMMAND, *arguments],
        cwd=project,
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def ruff_refuses(project: Path) -> str:
    """What ruff has to say about a project by the project's own settings; nothing if all is well."""
    ruff = Path(sys.executable).with_name("ruff")
    found = [
        subprocess.run([ruff, *command, "--no-cache"], cwd=project, capture_output=True, text=True, check=False)
        for command in (["check"], ["format", "--diff"])
    ]
    return "".join(result.stdout + result.stderr for result in found if result.returncode != 0)


@pytest.mark.parametrize("name", ["fraud-check", "a" * 40, "match"])
def test_an_agent_and_a_workflow_of_it_compile_and_are_well_formed(project: Path, name: str) -> None:
    added = stepweave(project, "new", "agent", name)
    assert added.returncode == 0, added.stderr
    folder = name.replace("-", "_")
    assert {path.name for path in (project / "lambdas" / folder).iterdir()} >= {"contract.py", "handler.py"}
    written = stepweave(project, "new", "workflow", "claim-intake", "--agent", folder)
    assert written.returncode == 0, written.stderr
    assert (project / "state_machines/claim_intake.asl.json").is_file()
    assert stepweave(project, "golden", "--check").returncode == 0
    assert ruff_refuses(project) == ""


CONTRACT = """
from collections.abc import Mapping
from typing import Literal
from pydantic import BaseModel
from stepweave import Agent
from lambdas.greeter.contract import Greeting

class Question(BaseModel):
    greetings: list[Greeting]
    how: Literal["well", "badly"]
    by_name: Mapping[str, Greeting | None]
    limit: int = 3

class Answer(BaseModel):
    text: str

asker = Agent(name="asker", input=Question, output=Answer)
"""


def add_contract(project: Path, text: str) -> None:
    (project / "lambdas/asker").mkdir()
    (project / "lambdas/asker/contract.py").write_text(text)
    (project / "lambdas/asker/handler.py").write_text("")


def test_the_inputs_of_a_workflow_are_what_the_agent_must_be_given(project: Path) -> None:
    add_contract(project, CONTRACT)
    written = stepweave(project, "new", "workflow", "asking", "--agent", "asker")
    assert written.returncode == 0, written.stderr
    text = (project / "state_machines/asking.py").read_text()
    for part in (
        "greetings: list[Greeting]",
        "how: Literal['well', 'badly']",
        "by_name: Mapping[str, Greeting | None]",
    ):
        assert part in text.replace('"well"', "'well'").replace('"badly"', "'badly'")
    assert "limit" not in text


def test_an_agent_that_no_workflow_can_name_is_passed_over(project: Path) -> None:
    add_contract(project, CONTRACT.replace("limit: int = 3", "asker: str"))
    refused = stepweave(project, "new", "workflow", "asking", "--agent", "asker")
    assert (refused.returncode, "would mean two things" in refused.stderr) == (2, True)
    assert stepweave(project, "new", "workflow", "asking").returncode == 0
    assert "greeter" in (project / "state_machines/asking.py").read_text()


def test_agents_in_another_folder_are_added_there(project: Path) -> None:
    (project / "flows").mkdir()
    settings = (project / "pyproject.toml").read_text()
    elsewhere = '[tool.stepweave]\nagents = "src/agents"\nworkflows = "flows"\n'
    (project / "pyproject.toml").write_text(settings.replace("[tool.stepweave]\n", elsewhere, 1))
    assert stepweave(project, "new", "agent", "checker").returncode == 0
    assert "from src.agents.checker.contract import" in (project / "src/agents/checker/handler.py").read_text()
    assert stepweave(project, "new", "workflow", "checking").returncode == 0
    assert (project / "flows/checking.asl.json").is_file()


def contents(project: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("greeter", "lambdas/greeter is there already"),
        ("taken", "lambdas/taken.py is there already"),
        ("Greeter", "cannot be the name of an agent"),
        ("a b", "cannot be the name of an agent"),
        ("../x", "cannot be the name of an agent"),
        ("a" * 41, "cannot be the name of an agent"),
        ("3d", "cannot be the name of an agent"),
        ("", "cannot be the name of an agent"),
        ("a\n", "cannot be the name of an agent"),
        ("class", "means something else in Python"),
        ("handler", "means something else in Python"),
        ("shared", "agents share the code there"),
        ("replayer", "Stepweave has a function of it"),
        ("dead-letters", "Stepweave has a function of it"),
    ],
)
def test_an_agent_that_is_refused_changes_nothing(project: Path, name: str, message: str) -> None:
    (project / "lambdas/taken.py").write_text("")
    before = contents(project)
    with pytest.raises(CommandError, match=re.escape(message)):
        add_agent(require_project(project), name)
    assert contents(project) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hello", "state_machines/hello.py is there already"),
        ("taken", "state_machines/taken is there already"),
        ("Hello", "cannot be the name of a workflow"),
        ("", "cannot be the name of a workflow"),
        ("workflow", "means something else in Python"),
        ("timedelta", "means something else in Python"),
    ],
)
def test_a_workflow_that_is_refused_changes_nothing(project: Path, name: str, message: str) -> None:
    (project / "state_machines/taken").mkdir()
    before = contents(project)
    with pytest.raises(CommandError, match=re.escape(message)):
        add_workflow(require_project(project), name)
    assert contents(project) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("workflow", "greeter", "--agent", "greeter"), "would mean two things"),
        (("workflow", "other", "--agent", "nobody"), "there is no agent 'nobody'"),
        (("agent", "Greeter"), "cannot be the name of an agent"),
    ],
)
def test_the_command_refuses_with_2(project: Path, arguments: tuple[str, ...], message: str) -> None:
    before = contents(project)
    refused = stepweave(project, "new", *arguments)
    assert (refused.returncode, message in refused.stderr) == (2, True), refused.stderr
    assert "Traceback" not in refused.stderr
    assert contents(project) == before


def test_a_workflow_of_the_same_name_in_another_module_is_found(project: Path) -> None:
    (project / "state_machines/hello.py").rename(project / "state_machines/greetings.py")
    refused = stepweave(project, "new", "workflow", "hello")
    assert (refused.returncode, "a workflow hello is there already" in refused.stderr) == (2, True)


def test_a_project_whose_workflows_are_broken_stays_as_it_is(project: Path) -> None:
    (project / "state_machines/hello.py").write_text("import nothing_of_that_name\n")
    refused = stepweave(project, "new", "workflow", "other")
    assert refused.returncode == 2
    assert "state_machines/hello.py" in refused.stderr
    assert not (project / "state_machines/other.py").exists()


def test_outside_a_project_nothing_is_added(tmp_path: Path) -> None:
    for what in ("agent", "workflow"):
        refused = stepweave(tmp_path, "new", what, "other")
        assert (refused.returncode, "no Stepweave project" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
