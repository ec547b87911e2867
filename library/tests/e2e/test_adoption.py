"""A newcomer with nothing but the wheel: a project of their own, outside this repository, with an agent of their own.

Everything is installed anew, from uv's cache where it has it; that is what takes the time.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uv

from stepweave.command.init.project import TEMPLATE

LIBRARY = Path(__file__).parents[2]
PYTHON = f"PYTHON={sys.executable}"

pytestmark = [pytest.mark.adoption, pytest.mark.timeout(600)]

SHARED = '''"""Words of texts."""


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()
'''
TOUCHED = """
    permissions=(
        Permission(
            actions=("dynamodb:GetItem",),
            resources=("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/policies",),
        ),
    ),
    environment={"CLAIM_LANGUAGE": "en"},
)
"""
TEST = '''"""The second workflow, whose agent uses code that agents share, and has a variable."""

from stepweave.testing.local_backend import LocalBackend

from state_machines.claim_intake import claim_intake


def test_words_are_counted(local_cloud: LocalBackend) -> None:
    run = local_cloud.run(claim_intake, text="one two  three")
    assert run.status == "SUCCEEDED", run.cause
    assert run.output == {"words": 3, "language": "en"}
'''


def run(folder: Path, *command: str | Path) -> str:
    """Run a command as a user's shell would, and return what it printed."""
    left_out = ("AWS_", "STEPWEAVE_", "PYTEST_", "PYTHONPATH", "VIRTUAL_ENV", "MAKE", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{command}:\n{ended.stdout}"
    return ended.stdout


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy, or of those in a role."""
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents = [properties["PolicyDocument"]] if "PolicyDocument" in properties else inline
    return [statement for document in documents for statement in document["Statement"]]


def change(file: Path, *changes: tuple[str, str]) -> None:
    """Change a file by hand, as its author would."""
    text = file.read_text()
    for old, new in changes:
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times:\n{text}"
        text = text.replace(old, new)
    file.write_text(text)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's wheel, as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    build = ("build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(LIBRARY, uv.find_uv_bin(), *build, "--out-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that the command of a fresh environment has made, with an agent and a workflow added to it."""
    folder = tmp_path_factory.mktemp("newcomer")
    uv_bin = uv.find_uv_bin()
    run(folder, uv_bin, "venv", "--quiet", "--python", sys.executable, "installed")
    pins = TEMPLATE / "requirements" / "stepweave.txt"
    install = ("pip", "install", "--quiet", "--python", "installed", "--constraints", pins, wheel)
    run(folder, uv_bin, *install)
    run(folder, folder / "installed/bin/stepweave", "init", "claims", "--find-links", wheel.parent)
    made = folder / "claims"
    run(made, "make", "setup", PYTHON)
    command = made / ".venv/bin/stepweave"
    run(made, command, "new", "agent", "intake")
    run(made, command, "new", "workflow", "claim-intake", "--agent", "intake")
    (made / "lambdas/shared/words.py").write_text(SHARED)
    change(
        made / "lambdas/intake/contract.py",
        ("import Agent", "import Agent, Permission"),
        ("    words: int\n", "    words: int\n    language: str\n"),
        ("    memory_mb=512,\n)\n", f"    memory_mb=512,{TOUCHED}"),
    )
    change(
        made / "lambdas/intake/handler.py",
        ("\n\nfrom stepweave", "\n\nimport os\n\nfrom stepweave"),
        ("\n\n\n@agent", "\nfrom lambdas.shared.words import words\n\n\n@agent"),
        ("words=len(task.text.split())", 'words=len(words(task.text)), language=os.environ["CLAIM_LANGUAGE"]'),
    )
    (made / "tests/workflows/test_claim_intake.py").write_text(TEST)
    yield made
    run(made, command, "local", "down")


def test_the_wheel_holds_all_that_runs_a_project_and_nothing_beside_its_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"stepweave"}
    source = LIBRARY / "src"
    ours = {
        path.relative_to(source).as_posix()
        for path in (source / "stepweave").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert ours <= names, f"missing: {ours - names}"
    assert "stepweave/py.typed" in names
    assert [line for line in metadata.splitlines() if line.startswith("Provides-Extra:")] == [
        "Provides-Extra: cdk", "Provides-Extra: local", "Provides-Extra: test",
    ]  # fmt: skip


def test_what_was_made_and_added_is_well_formed(project: Path) -> None:
    binaries = project / ".venv/bin"
    run(project, binaries / "ruff", "check")
    run(project, binaries / "ruff", "format", "--check")
    # not app.py and tests: the types of the whole CDK, which they import, take minutes the first time
    run(project, binaries / "mypy", "lambdas", "state_machines", "stacks", "scripts")
    run(project, binaries / "stepweave", "golden", "--check")


def test_its_tests_pass_with_a_second_agent_that_uses_shared_code_and_a_variable(project: Path) -> None:
    assert "3 passed" in run(project, "make", "test", PYTHON)


def test_only_the_second_agent_may_do_what_its_contract_permits(project: Path) -> None:
    assembly = project / "cdk.out"
    run(project, ".venv/bin/python", "app.py")
    granted = [
        (logical_id, statement)
        for template in assembly.glob("*.template.json")
        for logical_id, resource in json.loads(template.read_text())["Resources"].items()
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}
        for statement in statements(resource["Properties"])
        if "table/policies" in json.dumps(statement["Resource"])
    ]
    ((logical_id, statement),) = granted
    assert "intake" in logical_id.lower()
    assert (statement["Effect"], statement["Action"]) == ("Allow", "dynamodb:GetItem")


def test_its_demo_runs(project: Path) -> None:
    printed = run(project, "make", "demo", PYTHON, "PERSON=Ada Lovelace")
    assert "hello succeeded" in printed
    assert '"text": "Hello, Ada Lovelace!"' in printed
